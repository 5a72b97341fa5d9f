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
  /** They stand in the file already. */
  written: readonly Waiting[] = [];
  /** They are in no file yet. */
  lines: Waiting[] = [];
  /** How many of them somebody waits for. */
  awaited = 0;
  #durable: Promise<void> | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((failure: CountersignError) => void) | undefined;

  get all(): readonly Waiting[] {
    return this.written.length === 0 ? this.lines : [...this.written, ...this.lines];
  }

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
    return this.#next.lines.length + this.#next.written.length;
  }

  get hasQueued(): boolean {
    return this.#next.lines.length > 0;
  }

  /** How many are waited for. */
  get awaited(): number {
    return this.#next.awaited;
  }

  get hasWritten(): boolean {
    return this.#next.written.length > 0;
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

  /** Only those that stand in the file. */
  takeWritten(): Batch {
    const batch = new Batch();
    batch.written = this.#next.written;
    this.#next.written = [];
    return batch;
  }

  /** Of a batch that nobody waits for: its lines are in the file now, and durable with the next one. */
  areWritten(batch: Batch): void {
    this.#next.written = [...batch.all, ...this.#next.written];
  }

  /** Of a batch that is not on disk its notes are tried again, before those that came later. */
  putBack(batch: Batch): void {
    this.#next.lines = [...batch.all.filter(({ isNote }) => isNote), ...this.#next.lines];
  }
}
