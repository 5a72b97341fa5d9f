import { closeSync, constants, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { Clock } from '../domain/environment.ts';
import { chainLine, genesis, jsonMember, lineDigest } from '../domain/hash-chain.ts';
import type { Json } from '../domain/json.ts';

/** What a recording does to its file. All of them throw as node:fs does. */
export interface RecordingFiles {
  create(path: string): number;
  write(file: number, bytes: Buffer, offset: number): number;
  sync(file: number): void;
  syncFolder(folder: string): void;
  close(file: number): void;
}

export const realFiles: RecordingFiles = {
  create: (path) =>
    openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND, 0o600),
  write: (file, bytes, offset) => writeSync(file, bytes, offset),
  sync: fdatasyncSync,
  syncFolder: (folder) => {
    if (process.platform === 'win32') return;
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  },
  close: closeSync,
};

/** Milliseconds between two syncs while lines come. */
const syncEvery = 1_000;

/** A file of hash-chained lines, and its one writer. */
export class ChainFile {
  readonly #files: RecordingFiles;
  readonly #handle: number;
  readonly #clock: Clock;
  #seq = 0;
  #time = 0;
  #prev = genesis;
  #synced = 0;

  /** @throws what node:fs throws, also where the file is there already */
  constructor(files: RecordingFiles, path: string, clock: Clock) {
    this.#files = files;
    this.#handle = files.create(path);
    this.#clock = clock;
  }

  /** `sha256:…` of the last line. */
  get root(): string {
    return `sha256:${this.#prev}`;
  }

  line(type: string, time: number, fields: Readonly<Record<string, Json>>): void {
    this.#seq += 1;
    this.#time = Math.max(this.#time, time);
    const members = Object.entries(fields)
      .map(([key, value]) => jsonMember(key, value))
      .join('');
    const line = chainLine({ seq: this.#seq, time: this.#time, type }, members, this.#prev);
    const bytes = Buffer.from(`${line}\n`);
    for (let offset = 0; offset < bytes.length; ) offset += this.#files.write(this.#handle, bytes, offset);
    this.#prev = lineDigest(bytes.subarray(0, -1));
  }

  sync(): void {
    this.#files.sync(this.#handle);
    this.#synced = this.#clock.now();
  }

  syncIfDue(): void {
    if (this.#clock.now() - this.#synced >= syncEvery) this.sync();
  }

  close(): void {
    try {
      this.#files.close(this.#handle);
    } catch {
      // What was written stands; nothing is written after it.
    }
  }
}
