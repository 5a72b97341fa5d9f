import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
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
export async function verifyRecording(path: string): Promise<RecordingReport> {
  let before: Link | undefined;
  let number = 0;
  const faults: { line: number; message: string }[] = [];
  for await (const text of rawLines(path)) {
    number += 1;
    const line = Buffer.from(text, 'latin1');
    const checked = checkLink(before, line, number);
    faults.push(...checked.faults);
    const expected =
      number === 1 ? 'RecordingOpened' : before?.type === 'RecordingClosed' ? undefined : checked.link?.type;
    if (checked.link !== undefined && (expected === undefined || !fits(checked.link.type, number)))
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

const fits = (type: string, number: number): boolean =>
  number === 1 ? type === 'RecordingOpened' : type === 'Frame' || type === 'RecordingClosed';

/** The lines of a recording in order: header, frames, end. What is not JSON is left out; `verifyRecording` names it. */
export async function* readRecording(folder: string, id: string): AsyncGenerator<JsonObject, void, undefined> {
  for await (const text of rawLines(join(folder, recordingName(id)))) {
    const line = parse(Buffer.from(text, 'latin1').toString('utf8'));
    if (line !== undefined) yield line;
  }
}

/** Byte for byte: a line that was written half, or is not UTF-8, must not look whole. */
async function* rawLines(path: string): AsyncGenerator<string, void, undefined> {
  const input = createReadStream(path, { encoding: 'latin1' });
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')
      throw invalid(`there is no recording ${basename(path)}`, 'look for its id in the RecordingOpened line');
    throw thrown;
  } finally {
    input.destroy();
  }
}

function parse(text: string): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
