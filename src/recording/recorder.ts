import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, newInvocationId, type Random } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import { open } from '../domain/masked.ts';
import type { Recorder, Recording, RecordingHeader } from '../domain/recording.ts';
import { ChainFile, type RecordingFiles, realFiles } from './chain-file.ts';
import { rawName, recordingName } from './name.ts';
import type { RawFrames } from './raw.ts';
import { lendWriter, type WriterThread } from './writer.ts';

export interface RecorderOptions {
  /** `<state>/recordings`; made with mode 0700 if it is missing. */
  readonly folder: string;
  /** age recipients that raw frames are encrypted to; none: nothing raw is kept. */
  readonly rawTo?: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  /** The real ones unless a test breaks the disk. */
  readonly files?: RecordingFiles;
  /** Starts the thread that writes what is long; the real one unless a test has another. */
  readonly startThread?: () => Promise<WriterThread>;
  /** Milliseconds for which it is kept when no recording needs it; half a minute unless a test has less. */
  readonly keepThreadFor?: number;
}

/** Its part of the program is loaded with the first long recording, never at the start. */
const realThread = async (): Promise<WriterThread> => (await import('./writer-thread.ts')).startWriterThread();

/** Longest text of one line, in UTF-16 code units; a longer chunk is several lines. */
const longestText = 64 * 1024;
/** Of one chunk, from which on nobody waits for its write. */
const much = 16 * 1024;

/** Records sessions into one file each, `<id>.jsonl`, hash-chained as the audit log is; raw frames, if any, in one beside it. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { folder, rawTo = [], clock, random, files = realFiles, startThread = realThread } = options;
  const lender = lendWriter(startThread, options.keepThreadFor);
  // Loaded beside the start, and only where it is asked for.
  const encryption = rawTo.length === 0 ? undefined : import('./raw.ts');
  encryption?.catch(() => undefined);
  return {
    start: async (header) => {
      const id = `rec-${newInvocationId(clock, random).toLowerCase()}`;
      const opened: ChainFile[] = [];
      const create = (name: string): ChainFile => {
        const file = new ChainFile(files, join(folder, name), clock, lender);
        opened.push(file);
        return file;
      };
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const file = create(recordingName(id));
        const raw = await (await encryption)?.openRaw(create(rawName(id)), id, rawTo, clock, lender);
        await file.add({ type: 'RecordingOpened', time: clock.now(), fields: headerFields(id, header, rawTo) });
        await file.sync();
        files.syncFolder(folder);
        return new SessionRecording(id, file, raw, clock);
      } catch (thrown) {
        for (const file of opened) file.close();
        throw unavailable(id, thrown);
      }
    },
  };
}

/** The file is a sink: it opens what the mask sealed. @throws TypeError for what is not sealed */
const headerFields = (
  id: string,
  header: RecordingHeader,
  rawTo: readonly string[],
): Readonly<Record<string, Json>> => ({
  recording: id,
  invocation: header.invocation,
  planDigest: header.planDigest,
  principal: header.agent,
  cluster: header.cluster,
  object: header.object,
  container: header.container,
  command: header.command.map((argument) => open(argument)),
  ...(rawTo.length === 0 ? {} : { rawTo: [...rawTo] }),
});

class SessionRecording implements Recording {
  readonly id: string;
  readonly raw: Recording['raw'];
  readonly #file: ChainFile;
  readonly #raw: RawFrames | undefined;
  readonly #clock: Clock;
  #isOpen = true;

  constructor(id: string, file: ChainFile, raw: RawFrames | undefined, clock: Clock) {
    this.id = id;
    this.#file = file;
    this.#raw = raw;
    this.#clock = clock;
    this.raw = raw && ((frame) => this.#guard(() => raw.take(frame)));
  }

  write: Recording['write'] = (channel, masked, time) =>
    this.#guard(async () => {
      const whole = open(masked);
      for (const text of pieces(whole))
        await this.#file.add({ type: 'Frame', time, fields: { channel }, text: ['text', text] });
      // While much comes, the next is masked as this is written; a word is in the file before anything else happens.
      if (whole.length < much && !this.#file.isLent) await this.#file.written();
    });

  end: Recording['end'] = async ({ exitCode, reason }) => {
    await this.#guard(async () => {
      const rawRoot = await this.#raw?.end();
      const fields = {
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(reason === undefined ? {} : { reason: open(reason) }),
        ...(rawRoot === undefined ? {} : { rawRoot }),
      };
      await this.#file.add({ type: 'RecordingClosed', time: this.#clock.now(), fields });
      await this.#file.sync();
    });
    this.#close();
    return { root: this.#file.root };
  };

  async #guard(work: () => Promise<void>): Promise<void> {
    if (!this.#isOpen) throw unavailable(this.id, undefined);
    try {
      await work();
    } catch (thrown) {
      // What follows a frame that is missing would be a false record.
      this.#close();
      throw unavailable(this.id, thrown);
    }
  }

  #close(): void {
    this.#isOpen = false;
    this.#file.close();
    this.#raw?.close();
  }
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

function unavailable(id: string, cause: unknown): CountersignError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new CountersignError('AuditUnavailable', `the recording ${id} cannot be written${code}`, {
    hint: 'make room or make the recordings folder writable; without a recording nothing is executed in a container',
    ...(cause === undefined ? {} : { cause }),
  });
}
