import type { Cue } from '../../recording/session.ts';

/** What a person can do while a recording plays. */
export type Key = 'pause' | 'faster' | 'slower' | 'forward' | 'back' | 'next' | 'quit';

/** Time and keys, so that a test plays an hour at once. */
export interface Controls {
  /** The key that was pressed within so many milliseconds; undefined: none was. */
  within(milliseconds: number): Promise<Key | undefined>;
  /** The next key, however long it takes. */
  key(): Promise<Key>;
}

export interface Screen {
  show(cue: Cue): void;
  clear(): void;
  /** Where the playing stands, in words. */
  say(words: string): void;
}

export interface PlayOptions {
  /** 2 plays twice as fast. */
  readonly speed: number;
  /** Longest pause between two cues, in milliseconds; what was longer is skipped. */
  readonly idle: number;
  /** Begins there, in milliseconds of the session. */
  readonly from: number;
  /** `next` goes to the next cue with this text, and so does the begin. */
  readonly search: string | undefined;
}

const jump = 5_000;

/** Plays cues in their time until the end, or until somebody quits. */
export async function play(
  cues: readonly Cue[],
  screen: Screen,
  controls: Controls,
  options: PlayOptions,
): Promise<void> {
  await new Player(cues, screen, controls, options).run();
}

class Player {
  readonly #cues: readonly Cue[];
  readonly #screen: Screen;
  readonly #controls: Controls;
  readonly #options: PlayOptions;
  #speed: number;
  /** The next cue to be shown. */
  #next = 0;

  constructor(cues: readonly Cue[], screen: Screen, controls: Controls, options: PlayOptions) {
    this.#cues = cues;
    this.#screen = screen;
    this.#controls = controls;
    this.#options = options;
    this.#speed = options.speed;
  }

  async run(): Promise<void> {
    this.#showUntil(this.#options.from);
    if (this.#options.search !== undefined) this.#find(this.#options.search);
    for (let cue = this.#cues[this.#next]; cue !== undefined; cue = this.#cues[this.#next]) {
      const key = await this.#controls.within(this.#pauseBefore(cue));
      if (key === undefined) this.#showNext();
      else if (!(await this.#obey(key))) return;
    }
  }

  #pauseBefore({ at }: Cue): number {
    return Math.min(at - this.#at, this.#options.idle) / this.#speed;
  }

  /** Milliseconds of the session up to which everything was shown. */
  get #at(): number {
    return this.#cues[this.#next - 1]?.at ?? 0;
  }

  /** Whether it goes on. */
  async #obey(key: Key): Promise<boolean> {
    if (key === 'pause') return this.#pause();
    if (key === 'faster' || key === 'slower')
      this.#speed = Math.min(64, Math.max(1 / 16, this.#speed * (key === 'faster' ? 2 : 0.5)));
    if (key === 'forward') this.#showUntil(this.#at + jump);
    if (key === 'back') this.#rewind(this.#at - jump);
    if (key === 'next' && this.#options.search !== undefined) this.#find(this.#options.search);
    return key !== 'quit';
  }

  async #pause(): Promise<boolean> {
    this.#screen.say(`paused at ${seconds(this.#at)}, space goes on`);
    for (;;) {
      const key = await this.#controls.key();
      if (key === 'pause') return true;
      if (!(await this.#obey(key))) return false;
    }
  }

  #showNext(): void {
    const cue = this.#cues[this.#next];
    this.#next += 1;
    if (cue !== undefined) this.#screen.show(cue);
  }

  #showUntil(at: number): void {
    while ((this.#cues[this.#next]?.at ?? Number.POSITIVE_INFINITY) < at) this.#showNext();
  }

  #rewind(at: number): void {
    this.#screen.clear();
    this.#next = 0;
    this.#showUntil(at);
  }

  #find(text: string): void {
    const found = this.#cues.findIndex((cue, index) => index >= this.#next && cue.text.includes(text));
    if (found === -1) {
      this.#screen.say(`${JSON.stringify(text)} does not come after ${seconds(this.#at)}`);
      return;
    }
    while (this.#next <= found) this.#showNext();
    this.#screen.say(`found at ${seconds(this.#at)}`);
  }
}

export const seconds = (milliseconds: number): string => {
  const whole = Math.floor(milliseconds / 1_000);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
};
