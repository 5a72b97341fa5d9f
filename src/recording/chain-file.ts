import { hash, subtle } from 'node:crypto';
import { close, closeSync, constants, fdatasync, fsyncSync, openSync, write } from 'node:fs';
import type { Clock } from '../domain/environment.ts';
import { chainLine, genesis, jsonMember } from '../domain/hash-chain.ts';
import type { Json } from '../domain/json.ts';

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
const mostOnTheWay = 1024 * 1024;
/** From that many bytes on, another thread makes the digest. */
const longLine = 8 * 1024;

interface Waiting {
  readonly type: string;
  readonly time: number;
  readonly members: string;
}

/**
 * A file of hash-chained lines, and its one writer. Digests, writes and syncs of much are the work of other threads, so that a
 * program that writes much holds up nobody else.
 */
export class ChainFile {
  readonly #files: RecordingFiles;
  readonly #handle: number;
  readonly #clock: Clock;
  #seq = 0;
  #time = 0;
  #prev = genesis;
  #synced = 0;
  #queue: Waiting[] = [];
  #onTheWay = 0;
  #working: Promise<void> | undefined;
  #failure: { readonly cause: unknown } | undefined;

  /** @throws what node:fs throws, also where the file is there already */
  constructor(files: RecordingFiles, path: string, clock: Clock) {
    this.#files = files;
    this.#handle = files.create(path);
    this.#clock = clock;
  }

  /** `sha256:…` of the last line that was written. */
  get root(): string {
    return `sha256:${this.#prev}`;
  }

  /**
   * Puts a line behind the others. Resolves while it is on its way, as long as there are not too many.
   * @throws what the disk threw, also for an earlier line
   */
  async add(type: string, time: number, fields: Readonly<Record<string, Json>>): Promise<void> {
    this.#assertGood();
    const members = Object.entries(fields)
      .map(([key, value]) => jsonMember(key, value))
      .join('');
    this.#queue.push({ type, time, members });
    this.#onTheWay += members.length;
    this.#working ??= this.#work();
    if (this.#onTheWay > mostOnTheWay) await this.written();
  }

  /** Everything that was added is in the file. @throws what the disk threw */
  async written(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
    this.#assertGood();
  }

  /** And on disk. */
  async sync(): Promise<void> {
    await this.written();
    await this.#files.sync(this.#handle);
  }

  /** What is under way is let end, since another file may get the same number. */
  close(): void {
    this.#failure ??= { cause: new Error('the file is closed') };
    const shut = (): void => {
      try {
        this.#files.close(this.#handle);
      } catch {
        // What was written stands; nothing is written after it.
      }
    };
    if (this.#working === undefined) shut();
    else void this.#working.then(shut);
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    try {
      while (this.#queue.length > 0 && this.#failure === undefined) await this.#writeAll(this.#queue.splice(0));
    } catch (cause) {
      this.#failure ??= { cause };
    }
    this.#queue = [];
    this.#onTheWay = 0;
    this.#working = undefined;
  }

  async #writeAll(lines: readonly Waiting[]): Promise<void> {
    const parts: Buffer[] = [];
    let size = 0;
    for (const { type, time, members } of lines) {
      this.#seq += 1;
      this.#time = Math.max(this.#time, time);
      const bytes = Buffer.from(`${chainLine({ seq: this.#seq, time: this.#time, type }, members, this.#prev)}\n`);
      this.#prev = await digestOf(bytes.subarray(0, -1));
      parts.push(bytes);
      size += members.length;
    }
    await this.#files.write(this.#handle, Buffer.concat(parts));
    this.#onTheWay -= size;
    const now = this.#clock.now();
    if (now - this.#synced < syncEvery) return;
    await this.#files.sync(this.#handle);
    this.#synced = now;
  }

  #assertGood(): void {
    if (this.#failure !== undefined) throw this.#failure.cause;
  }
}

const digestOf = async (bytes: Buffer): Promise<string> =>
  bytes.length < longLine
    ? hash('sha256', bytes, 'hex')
    : Buffer.from(await subtle.digest('SHA-256', bytes)).toString('hex');
