import type { CountersignError } from '../domain/errors.ts';
import type { Entry } from './chain.ts';

/** A line that is not known to be on disk. */
export interface Waiting extends Entry {
  /** Nobody waits for it. */
  readonly isNote: boolean;
}

/** Notes that are kept while the log cannot be written. */
const mostKept = 10_000;

/** Lines that become durable with one sync, and the one promise of all who wait for them. */
export class Batch {
  lines: Waiting[] = [];
  /** How many of them somebody waits for. */
  awaited = 0;
  #durable: Promise<void> | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((failure: CountersignError) => void) | undefined;

  /** One for all: a promise for each would be made, kept and settled for nothing. */
  get durable(): Promise<void> {
    this.#durable ??= new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    return this.#durable;
  }

  settle(failure?: CountersignError): void {
    if (failure === undefined) this.#resolve?.();
    else this.#reject?.(failure);
  }
}

/** Lines on their way to the disk: the next batch. */
export class Pending {
  #dropped = 0;
  #next = new Batch();

  get size(): number {
    return this.#next.lines.length;
  }

  /** How many are waited for. */
  get awaited(): number {
    return this.#next.awaited;
  }

  /** Resolves when the line is on disk. */
  add(entry: Waiting): Promise<void> {
    this.#next.lines.push(entry);
    this.#next.awaited += 1;
    return this.#next.durable;
  }

  addNote(entry: Waiting): void {
    if (this.#next.lines.length >= mostKept) this.#dropped += 1;
    else this.#next.lines.push(entry);
  }

  /** How many notes found no room since this was asked. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  take(): Batch {
    const batch = this.#next;
    this.#next = new Batch();
    return batch;
  }

  /** Of a batch that is not on disk its notes are tried again, before those that came later. */
  putBack(batch: Batch): void {
    this.#next.lines = [...batch.lines.filter(({ isNote }) => isNote), ...this.#next.lines];
  }
}
