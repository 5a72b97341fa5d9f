import { join } from 'node:path';
import { type JsonObject, stringAt } from '../domain/json.ts';
import { chainFiles, readEnd, readFirstLine } from './chain-files.ts';
import { parseLine } from './line.ts';
import { scanLines } from './scan.ts';

/** A call without a last line, of a process that is dead. */
export interface LostCall {
  readonly invocation: string;
  readonly authorized: boolean;
  /** The last line that says what it was about: RequestReceived or Authorized. */
  readonly line: JsonObject;
}

/** What a process that did not stop in order left behind. */
export interface Leftover {
  readonly process: string;
  /** Whether it served any calls. */
  readonly served: boolean;
  readonly calls: readonly LostCall[];
}

/**
 * The calls that dead processes left without a last line. Of a process that stopped in order nothing is read but the end of its
 * last file. `isDone`: whether it is alive, or was looked at before.
 */
export async function* lostCalls(
  folder: string,
  isDone: (process: string) => Promise<boolean>,
): AsyncGenerator<Leftover, void, undefined> {
  for (const [process, files] of processesIn(folder)) {
    if (files.some((path) => stoppedInOrder(path)) || (await isDone(process))) continue;
    yield await leftoverOf(process, files);
  }
}

/** The files of each process, oldest first. */
export function processesIn(folder: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const file of chainFiles(folder)) {
    const path = join(folder, file);
    const process = stringAt(parseLine(readFirstLine(path) ?? ''), 'process');
    if (process !== undefined) found.set(process, [...(found.get(process) ?? []), path]);
  }
  return found;
}

/** Only a checkpoint follows, which is no longer than a line may be. No text within a value has such quotes. */
const stoppedInOrder = (path: string): boolean => readEnd(path, 80 * 1024).includes('"type":"Stopped","invocation":""');

async function leftoverOf(process: string, files: readonly string[]): Promise<Leftover> {
  const open = new Map<string, { readonly authorized: boolean; readonly bytes: Buffer }>();
  /** Files that were begun in one millisecond do not say which is the older: an end may be read first. */
  const ended = new Set<string>();
  let served = false;
  for (const path of files)
    await scanLines(path, 0, (bytes) => {
      const type = begins.find((each) => bytes.includes(each)) ?? ends.find((each) => bytes.includes(each));
      if (type === undefined) return;
      served = true;
      const invocation = invocationOf(bytes);
      if (!ends.includes(type)) {
        if (!ended.has(invocation))
          open.set(invocation, { authorized: type === authorized, bytes: Buffer.from(bytes) });
      } else if (!open.delete(invocation)) ended.add(invocation);
    });
  const calls = [...open].map(([invocation, left]) => ({
    invocation,
    authorized: left.authorized,
    line: parseLine(left.bytes),
  }));
  return { process, served, calls };
}

const authorized = '"type":"Authorized"';
const begins = ['"type":"RequestReceived"', authorized];
const ends = ['Executed', 'Failed', 'Unknown', 'Answered', 'Refused'].map((type) => `"type":"${type}"`);

const invocationOf = (bytes: Buffer): string =>
  /"invocation":"([^"]*)"/.exec(bytes.toString('latin1', 0, 200))?.[1] ?? '';
