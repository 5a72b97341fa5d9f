import type { Cue } from '../../recording/session.ts';

/** What a person can do while a recording plays. */
export type Key = 'pause' | 'faster' | 'slower' | 'forward' | 'back' | 'next' | 'quit';

/** Time and keys, so that a test plays an hour at once. */
export interface Controls {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** The key that was pressed within so many milliseconds; undefined: none was. */
  within(milliseconds: number): Promise<Key | undefined>;
  /** The next key, however long it takes. */
  key(): Promise<Key>;
}

export interface Screen {
  show(cue: Cue): void;
  clear(): void;
  /** Where the playing stands, in words, on a line of their own. */
  say(words: string): void;
}

export interface PlayOptions {
  /** 2 plays twice as fast. */
  readonly speed: number;
  /** Longest pause between two cues, in milliseconds of the session; what was longer is skipped. */
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
  /** Milliseconds of the session that are over: also within a pause, so that a key takes nothing back. */
  #at = 0;

  constructor(cues: readonly Cue[], screen: Screen, controls: Controls, options: PlayOptions) {
    this.#cues = cues;
    this.#screen = screen;
    this.#controls = controls;
    this.#options = options;
    this.#speed = options.speed;
  }

  async run(): Promise<void> {
    this.#goTo(this.#options.from);
    if (this.#options.search !== undefined) this.#find(this.#options.search);
    for (let cue = this.#cues[this.#next]; cue !== undefined; cue = this.#cues[this.#next]) {
      this.#at = Math.max(this.#at, cue.at - this.#options.idle);
      const begun = this.#controls.now();
      const key = await this.#controls.within((cue.at - this.#at) / this.#speed);
      if (key === undefined) {
        this.#showNext();
        continue;
      }
      this.#at = Math.min(cue.at, this.#at + (this.#controls.now() - begun) * this.#speed);
      if (!(await this.#obey(key))) return;
    }
  }

  /** Whether it goes on. */
  async #obey(key: Key): Promise<boolean> {
    if (key === 'pause') return this.#pause();
    if (key === 'faster' || key === 'slower') {
      this.#speed = Math.min(64, Math.max(1 / 16, this.#speed * (key === 'faster' ? 2 : 0.5)));
      this.#screen.say(`speed ${this.#speed}`);
    }
    if (key === 'forward' || key === 'back') this.#jump(key === 'forward' ? jump : -jump);
    if (key === 'next') this.#find(this.#options.search);
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
    if (cue === undefined) return;
    this.#next += 1;
    this.#at = Math.max(this.#at, cue.at);
    this.#screen.show(cue);
  }

  #jump(by: number): void {
    const to = Math.max(0, this.#at + by);
    if (by < 0) {
      this.#screen.clear();
      this.#next = 0;
      this.#at = 0;
    }
    this.#goTo(to);
    this.#screen.say(`at ${seconds(this.#at)}`);
  }

  /** Shows at once what comes before. */
  #goTo(at: number): void {
    while ((this.#cues[this.#next]?.at ?? Number.POSITIVE_INFINITY) < at) this.#showNext();
    this.#at = Math.max(this.#at, Math.min(at, this.#cues.at(-1)?.at ?? 0));
  }

  #find(text: string | undefined): void {
    if (text === undefined) {
      this.#screen.say('there is nothing to find: begin with --search TEXT');
      return;
    }
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
