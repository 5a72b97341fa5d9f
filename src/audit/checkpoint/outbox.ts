import type { Clock, Log } from '../../domain/environment.ts';

/** A place outside of the audit folder. */
export interface CheckpointSink {
  /** For people: the path, or the host. */
  readonly name: string;
  /** Resolves when the note is kept there. @throws Error that says why not */
  put(note: string): Promise<void>;
}

export interface SinkState {
  readonly name: string;
  /** Milliseconds since the epoch; undefined: what was given last has arrived. */
  readonly failingSince: number | undefined;
  readonly cause: string | undefined;
}

/** Milliseconds between two attempts while a sink fails. */
const tryAgainEvery = 15_000;

/**
 * Gives notes to one sink, one at a time. While it is busy or down only the newest waits: a later note binds all that an earlier
 * one did.
 */
export class Outbox {
  readonly #sink: CheckpointSink;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #changed: () => void;
  #waiting: string | undefined;
  #busy: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failingSince: number | undefined;
  #cause: string | undefined;

  /** `changed`: it began to fail, or works again. */
  constructor(sink: CheckpointSink, clock: Clock, log: Log, changed: () => void) {
    this.#sink = sink;
    this.#clock = clock;
    this.#log = log;
    this.#changed = changed;
  }

  get state(): SinkState {
    return { name: this.#sink.name, failingSince: this.#failingSince, cause: this.#cause };
  }

  offer(note: string): void {
    this.#waiting = note;
    this.#work();
  }

  /** Resolves when nothing is on its way; what failed stays behind. */
  async idle(): Promise<void> {
    while (this.#busy !== undefined) await this.#busy;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #work(): void {
    const note = this.#waiting;
    if (note === undefined || this.#busy !== undefined) return;
    this.stop();
    this.#waiting = undefined;
    this.#busy = this.#sink
      .put(note)
      .then(
        () => this.#arrived(),
        (thrown: unknown) => this.#failed(note, thrown),
      )
      .finally(() => {
        this.#busy = undefined;
        if (this.#failingSince === undefined) this.#work();
      });
  }

  #arrived(): void {
    if (this.#failingSince === undefined) return;
    this.#failingSince = undefined;
    this.#cause = undefined;
    this.#log.info('checkpoints of the audit log arrive again', { sink: this.#sink.name });
    this.#changed();
  }

  #failed(note: string, thrown: unknown): void {
    this.#waiting ??= note;
    this.#cause = thrown instanceof Error ? thrown.message : String(thrown);
    this.#timer = setTimeout(() => this.#work(), tryAgainEvery).unref();
    if (this.#failingSince !== undefined) return;
    this.#failingSince = this.#clock.now();
    this.#log.error('a checkpoint of the audit log does not get where it should', {
      sink: this.#sink.name,
      cause: this.#cause,
    });
    this.#changed();
  }
}
