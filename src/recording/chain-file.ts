import { close, closeSync, constants, fdatasync, fsyncSync, openSync, write } from 'node:fs';
import type { Clock } from '../domain/environment.ts';
import { beginning, type Line, type Place, sizeOf } from './chain-lines.ts';
import { LineBytes, pack, roomFor } from './packed-lines.ts';
import { Pause } from './pause.ts';
import { Loan, type Writer, type WriterLender } from './writer.ts';

/** What a recording does to its file. All of them fail as node:fs does. */
export interface RecordingFiles {
  create(path: string): number;
  /** All of it. */
  write(file: number, bytes: Buffer): Promise<void>;
  sync(file: number): Promise<void>;
  syncFolder(folder: string): void;
  close(file: number): void;
}

export const realFiles: RecordingFiles = {
  create: (path) =>
    openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND, 0o600),
  write: async (file, bytes) => {
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(await writeSome(file, rest));
  },
  sync: (file) => new Promise((resolve, reject) => fdatasync(file, (error) => (error ? reject(error) : resolve()))),
  syncFolder: (folder) => {
    if (process.platform === 'win32') return;
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  },
  close: (file) => close(file, () => undefined),
};

const writeSome = (file: number, bytes: Buffer): Promise<number> =>
  new Promise((resolve, reject) => {
    write(file, bytes, 0, bytes.length, null, (error, written) => (error ? reject(error) : resolve(written)));
  });

/** Milliseconds between two syncs while lines come. */
const syncEvery = 1_000;
/** Characters of lines that may be on their way; whoever adds more waits. */
const mostOnTheWay = 4 * 1024 * 1024;
/** Characters of a file from which on another thread writes it: most files never need one. */
const manyWritten = 512 * 1024;
/** Characters from which on the other thread is asked: each time it is asked costs both. */
const muchAtOnce = 1024 * 1024;
/** Milliseconds for which less than that is held back. */
const gatherFor = 50;

/**
 * A file of hash-chained lines. While a program writes much, another thread encodes, digests and writes them, so that it holds up
 * nobody else; a line counts as written when that thread has said so.
 */
export class ChainFile {
  readonly #files: RecordingFiles;
  readonly #handle: number;
  readonly #clock: Clock;
  readonly #here: Writer;
  readonly #loan: Loan | undefined;
  #place: Place = beginning;
  #synced: number;
  #written = 0;
  #queue: Line[] = [];
  #onTheWay = 0;
  #batch: Promise<void> = Promise.resolve();
  #working: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  /** Who waits until everything is written. */
  #waiting = 0;
  readonly #pause = new Pause();
  #isClosed = false;
  #failure: { readonly cause: unknown } | undefined;

  /** `lender`: of the other thread; undefined: this one writes all. @throws what node:fs throws, also where the file is there already */
  constructor(files: RecordingFiles, path: string, clock: Clock, lender?: WriterLender) {
    this.#files = files;
    this.#handle = files.create(path);
    this.#clock = clock;
    this.#here = hereWriter(files);
    this.#loan = lender && new Loan(lender);
    this.#synced = clock.now();
  }

  /** Whether the other thread writes it: what is added is then in the file within `gatherFor`, also where nobody waits. */
  get isLent(): boolean {
    return this.#loan?.thread !== undefined;
  }

  /** `sha256:…` of the last line that was written. */
  get root(): string {
    return `sha256:${this.#place.prev}`;
  }

  /**
   * Puts a line behind the others. Resolves while it is on its way, as long as there are not too many.
   * @throws what the disk threw, also for an earlier line
   */
  async add(line: Line): Promise<void> {
    this.#assertGood();
    this.#queue.push(line);
    this.#onTheWay += sizeOf([line]);
    this.#working ??= this.#work();
    if (this.#onTheWay >= muchAtOnce) this.#pause.end();
    while (this.#onTheWay > mostOnTheWay && this.#working !== undefined) await this.#batch;
    this.#assertGood();
  }

  /** Everything that was added is in the file. @throws what the disk threw */
  async written(): Promise<void> {
    this.#waiting += 1;
    this.#pause.end();
    while (this.#working !== undefined) await this.#working;
    this.#waiting -= 1;
    this.#assertGood();
  }

  /** And on disk. */
  async sync(): Promise<void> {
    await this.written();
    await this.#syncing;
    this.#assertGood();
    await this.#files.sync(this.#handle);
    this.#synced = this.#clock.now();
  }

  /** Nothing is added any more. What was is written first, since another file may then get the same number. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pause.end();
    const shut = (): void => {
      this.#loan?.end();
      try {
        this.#files.close(this.#handle);
      } catch {
        // What was written stands; nothing is written after it.
      }
    };
    if (this.#working === undefined && this.#syncing === undefined) shut();
    // The last write may begin another sync.
    else void Promise.resolve(this.#working).then(() => this.#syncing?.then(shut) ?? shut());
  }

  get #mayWait(): boolean {
    return this.isLent && this.#onTheWay < muchAtOnce && this.#waiting === 0 && !this.#isClosed;
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      if (this.#mayWait) await this.#pause.begin(gatherFor);
      if (this.#failure !== undefined) break;
      this.#batch = this.#writeAll(this.#queue.splice(0));
      await this.#batch;
    }
    this.#queue = [];
    this.#onTheWay = 0;
    this.#working = undefined;
  }

  /** Never rejects. */
  async #writeAll(lines: readonly Line[]): Promise<void> {
    const size = sizeOf(lines);
    try {
      this.#place = await (this.#loan?.thread ?? this.#here).write(this.#handle, this.#place, lines);
    } catch (cause) {
      this.#failure ??= { cause };
    }
    this.#onTheWay -= size;
    this.#written += size;
    if (this.#written > manyWritten) this.#loan?.ask();
    this.#syncNowAndThen();
  }

  /** Beside the next writes: what was written by now is on disk a second later. */
  #syncNowAndThen(): void {
    if (this.#syncing !== undefined || this.#clock.now() - this.#synced < syncEvery) return;
    this.#synced = this.#clock.now();
    const done = (): void => {
      this.#syncing = undefined;
    };
    this.#syncing = this.#files.sync(this.#handle).then(done, (cause: unknown) => {
      this.#failure ??= { cause };
      done();
    });
  }

  #assertGood(): void {
    if (this.#failure !== undefined) throw this.#failure.cause;
    if (this.#isClosed) throw new Error('the file is closed');
  }
}

function hereWriter(files: RecordingFiles): Writer {
  const encoder = new LineBytes();
  return {
    write: async (file, from, lines) => {
      const memory = new ArrayBuffer(roomFor(sizeOf(lines)));
      const { bytes, place } = encoder.chained(pack(lines, Buffer.from(memory)), memory, from);
      await files.write(file, bytes);
      return place;
    },
  };
}
