import type { CountersignError } from '../domain/errors.ts';
import type { Entry } from './chain.ts';

/** A line that is not known to be on disk. Without `done` it is a note: nobody waits for it. */
export interface Waiting extends Entry {
  readonly done?: (failure?: CountersignError) => void;
}

/** Notes that are kept while the log cannot be written. */
const mostKept = 10_000;

/** Lines on their way to the disk: those that are in no file yet, and those that stand in it and are durable with its next sync. */
export class Pending {
  /** Notes that found no room. */
  dropped = 0;
  #queue: Waiting[] = [];
  #written: readonly Waiting[] = [];

  get size(): number {
    return this.#queue.length + this.#written.length;
  }

  get hasQueued(): boolean {
    return this.#queue.length > 0;
  }

  /** Whether somebody waits for one that is in no file. */
  get isAwaited(): boolean {
    return this.#queue.some(({ done }) => done !== undefined);
  }

  get hasWritten(): boolean {
    return this.#written.length > 0;
  }

  add(entry: Waiting): void {
    this.#queue.push(entry);
  }

  addNote(entry: Waiting): void {
    if (this.#queue.length >= mostKept) this.dropped += 1;
    else this.#queue.push(entry);
  }

  takeQueue(): readonly Waiting[] {
    const queue = this.#queue;
    this.#queue = [];
    return queue;
  }

  /** With those that were written before them. */
  takeWritten(added: readonly Waiting[]): readonly Waiting[] {
    const written = this.#written;
    this.#written = [];
    return written.length === 0 ? added : [...written, ...added];
  }

  areWritten(added: readonly Waiting[]): void {
    this.#written = [...this.#written, ...added];
  }

  /** Of a batch that is not on disk its notes are tried again. */
  putBack(batch: readonly Waiting[]): void {
    this.#queue = [...batch.filter(({ done }) => done === undefined), ...this.#queue];
  }
}
