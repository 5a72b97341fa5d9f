import { closeSync, constants, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, newInvocationId, type Random } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { chainLine, genesis, jsonMember, lineDigest } from '../domain/hash-chain.ts';
import type { Json } from '../domain/json.ts';
import { open } from '../domain/masked.ts';
import type { Recorder, Recording, RecordingHeader } from '../domain/recording.ts';
import { recordingName } from './name.ts';

export interface RecorderOptions {
  /** `<state>/recordings`; made with mode 0700 if it is missing. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  /** The real ones unless a test breaks the disk. */
  readonly files?: RecordingFiles;
}

/** What a recording does to its file. All of them throw as node:fs does. */
export interface RecordingFiles {
  create(path: string): number;
  write(file: number, bytes: Buffer, offset: number): number;
  sync(file: number): void;
  syncFolder(folder: string): void;
  close(file: number): void;
}

const realFiles: RecordingFiles = {
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

/** Longest text of one line, in UTF-16 code units; a longer chunk is several lines. */
const longestText = 64 * 1024;
/** Milliseconds between two syncs while frames come. */
const syncEvery = 1_000;

/** Records sessions into one file each, `<id>.jsonl`, hash-chained as the audit log is. */
export function createRecorder({ folder, clock, random, files = realFiles }: RecorderOptions): Recorder {
  return {
    start: async (header) => {
      const id = newRecordingId(clock, random);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const file = new RecordingFile(files, files.create(join(folder, recordingName(id))), clock);
        try {
          file.line('RecordingOpened', clock.now(), headerFields(id, header));
          file.sync();
          files.syncFolder(folder);
        } catch (thrown) {
          file.close();
          throw thrown;
        }
        return recordingOn(id, file, clock);
      } catch (thrown) {
        throw unavailable(id, thrown);
      }
    },
  };
}

const newRecordingId = (clock: Clock, random: Random): string => `rec-${newInvocationId(clock, random).toLowerCase()}`;

/** The file is a sink: it opens what the mask sealed. @throws TypeError for what is not sealed */
const headerFields = (id: string, header: RecordingHeader): Readonly<Record<string, Json>> => ({
  recording: id,
  invocation: header.invocation,
  planDigest: header.planDigest,
  principal: header.agent,
  cluster: header.cluster,
  object: header.object,
  container: header.container,
  command: header.command.map((argument) => open(argument)),
});

function recordingOn(id: string, file: RecordingFile, clock: Clock): Recording {
  let state: 'open' | 'failed' | 'ended' = 'open';
  const guard = <T>(work: () => T): T => {
    if (state !== 'open') throw unavailable(id, undefined);
    try {
      return work();
    } catch (thrown) {
      // What follows a frame that is missing would be a false record.
      state = 'failed';
      file.close();
      throw unavailable(id, thrown);
    }
  };
  return {
    id,
    write: async (channel, masked, time) =>
      guard(() => {
        for (const text of pieces(open(masked))) file.line('Frame', time, { channel, text });
        file.syncIfDue();
      }),
    end: async ({ exitCode, reason }) => {
      const root = guard(() => {
        const fields = { ...(exitCode === undefined ? {} : { exitCode }), ...(reason === undefined ? {} : { reason }) };
        const digest = file.line('RecordingClosed', clock.now(), fields);
        file.sync();
        return digest;
      });
      state = 'ended';
      file.close();
      return { root: `sha256:${root}` };
    },
  };
}

function* pieces(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + longestText, text.length);
    // A character outside of the basic plane is not cut in its middle.
    if (end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end -= 1;
    yield text.slice(start, end);
    start = end;
  }
}

class RecordingFile {
  readonly #files: RecordingFiles;
  readonly #handle: number;
  readonly #clock: Clock;
  #seq = 0;
  #time = 0;
  #prev = genesis;
  #synced = 0;

  constructor(files: RecordingFiles, handle: number, clock: Clock) {
    this.#files = files;
    this.#handle = handle;
    this.#clock = clock;
  }

  /** Writes one line; returns its digest. */
  line(type: string, time: number, fields: Readonly<Record<string, Json>>): string {
    this.#seq += 1;
    this.#time = Math.max(this.#time, time);
    const members = Object.entries(fields)
      .map(([key, value]) => jsonMember(key, value))
      .join('');
    const line = chainLine({ seq: this.#seq, time: this.#time, type }, members, this.#prev);
    const bytes = Buffer.from(`${line}\n`);
    for (let offset = 0; offset < bytes.length; ) offset += this.#files.write(this.#handle, bytes, offset);
    this.#prev = lineDigest(line);
    return this.#prev;
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

function unavailable(id: string, cause: unknown): CountersignError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new CountersignError('AuditUnavailable', `the recording ${id} cannot be written${code}`, {
    hint: 'make room or make the recordings folder writable; without a recording nothing is executed in a container',
    ...(cause === undefined ? {} : { cause }),
  });
}
