import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import { invalid } from '../domain/errors.ts';
import { checkLink, type Link } from '../domain/hash-chain.ts';
import { isJsonObject, type JsonObject } from '../domain/json.ts';
import { recordingName } from './name.ts';

export interface RecordingReport {
  readonly consistent: boolean;
  /** Has its last line, so the session was seen to its end. */
  readonly complete: boolean;
  readonly lines: number;
  /** `sha256:…` of the last line: equal to `root` of the RecordingClosed line in the audit log, or the file was changed. */
  readonly root: string | undefined;
  readonly faults: readonly { readonly line: number; readonly message: string }[];
}

/**
 * Checks every line of a recording by its exact bytes. Only the root in the audit log tells that it is the recording that was
 * made: compare them.
 * @throws Invalid when there is no such file
 */
export const verifyRecording = (path: string): Promise<RecordingReport> => verifyFile(path, fitsRecording);

/** The same for the file of raw frames; its root is `rawRoot` in the last line of the recording. @throws Invalid */
export const verifyRaw = (path: string): Promise<RecordingReport> => verifyFile(path, fitsRaw);

type Fits = (type: string, number: number, before: Link | undefined) => boolean;

async function verifyFile(path: string, fits: Fits): Promise<RecordingReport> {
  let before: Link | undefined;
  let number = 0;
  const faults: { line: number; message: string }[] = [];
  for await (const { line, whole } of exactLines(path)) {
    number += 1;
    if (!whole) {
      faults.push({
        line: number,
        message: 'it is unfinished: its process was killed while it wrote, or the file was cut',
      });
      break;
    }
    const checked = checkLink(before, line, number);
    faults.push(...checked.faults.map((fault) => ({ line: fault.line, message: fault.message })));
    if (checked.link !== undefined && !fits(checked.link.type, number, before))
      faults.push({ line: number, message: `a line of type ${checked.link.type} has no place here` });
    before = checked.link ?? { seq: number, time: before?.time ?? '', type: '', digest: '' };
  }
  if (number === 0) faults.push({ line: 1, message: 'the file is empty' });
  return {
    consistent: faults.length === 0,
    complete: before?.type === 'RecordingClosed',
    lines: number,
    root: before === undefined ? undefined : `sha256:${before.digest}`,
    faults,
  };
}

/** Type and time stand within it. */
const headLength = 120;

const fitsRaw: Fits = (type, number) => type === (number === 1 ? 'RawOpened' : 'RawFrames');

const fitsRecording: Fits = (type, number, before) =>
  number === 1
    ? type === 'RecordingOpened'
    : before?.type !== 'RecordingClosed' && (type === 'Frame' || type === 'RecordingClosed');

/** The lines of a recording in order: header, frames, end. `edges`: the frames are passed over unread. */
export async function* readRecording(
  folder: string,
  id: string,
  edges = false,
): AsyncGenerator<JsonObject, void, undefined> {
  yield* readLines(join(folder, recordingName(id)), edges);
}

/** What is not JSON is left out; `verifyRecording` and `verifyRaw` name it. */
export async function* readLines(path: string, edges = false): AsyncGenerator<JsonObject, void, undefined> {
  for await (const { line } of exactLines(path)) {
    if (edges && line.subarray(0, headLength).includes('"type":"Frame"')) continue;
    const parsed = parse(line.toString('utf8'));
    if (parsed !== undefined) yield parsed;
  }
}

/** Byte for byte, at newlines only: no other end of a line, and no decoding, may hide a change. */
async function* exactLines(path: string): AsyncGenerator<{ line: Buffer; whole: boolean }, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      const bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let newline = bytes.indexOf(10); newline !== -1; newline = bytes.indexOf(10, start)) {
        yield { line: bytes.subarray(start, newline), whole: true };
        start = newline + 1;
      }
      rest = bytes.subarray(start);
    }
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')
      throw invalid(`there is no recording ${basename(path)}`, 'look for its id in the RecordingOpened line');
    throw thrown;
  }
  if (rest.length > 0) yield { line: rest, whole: false };
}

function parse(text: string): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
