import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type JsonObject, stringAt } from '../domain/json.ts';
import { chainFiles, longestLine } from './chain-files.ts';
import { parseLine } from './line.ts';

export interface AuditQuery {
  /** Keys of the line that must have exactly this value. */
  readonly keys: Readonly<Record<string, string | true>>;
  /** ISO 8601, UTC, with milliseconds: only lines of that time and later. */
  readonly since?: string;
}

/**
 * Events of all chains in the folder that fit, by time, one at a time: a log of any length is read in a few megabytes. Links
 * are not checked here, `verify` does that. What another process writes meanwhile may be missing.
 */
export async function* query(folder: string, asked: AuditQuery): AsyncGenerator<JsonObject, void, undefined> {
  // Sorted by the time of their first line, so that each is opened when its time has come.
  const later = [...chainFiles(folder)].sort();
  const heads: Head[] = [];
  const advance = async (lines: Lines): Promise<void> => {
    for (;;) {
      const { done, value } = await lines.next();
      if (done === true) return;
      const event = fitting(value, asked);
      if (event !== undefined) {
        heads.push({ event, time: stringAt(event, 'time') ?? '', lines });
        return;
      }
    }
  };
  for (;;) {
    heads.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    const [next] = heads;
    const file = later[0];
    if (file !== undefined && (next === undefined || beginOf(file) <= compact(next.time))) {
      later.shift();
      await advance(wholeLines(join(folder, file)));
    } else if (next !== undefined) {
      heads.shift();
      yield next.event;
      await advance(next.lines);
    } else return;
  }
}

type Lines = AsyncGenerator<Buffer, void, undefined>;

interface Head {
  readonly event: JsonObject;
  readonly time: string;
  readonly lines: Lines;
}

const beginOf = (file: string): string => file.split('-')[0] ?? '';
const compact = (time: string): string => time.replace(/[-:.]/g, '');

function fitting(bytes: Buffer, { keys, since }: AuditQuery): JsonObject | undefined {
  const wanted = Object.entries(keys);
  // Most lines are about something else: what does not hold the value at all is not parsed.
  if (
    !wanted.every(([key, value]) =>
      bytes.includes(value === true ? `"${key}":true` : JSON.stringify(value).slice(1, -1)),
    )
  )
    return undefined;
  const line = parseLine(bytes);
  if (stringAt(line, 'type') === undefined || !wanted.every(([key, value]) => line[key] === value)) return undefined;
  return since === undefined || (stringAt(line, 'time') ?? '') >= since ? line : undefined;
}

const chunk = 256 * 1024;

/** Lines with their newline behind them; what is unfinished at the end is not one. */
async function* wholeLines(path: string): Lines {
  const file = await open(path, 'r');
  try {
    let kept: Buffer = Buffer.alloc(0);
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunk), 0, chunk, null);
      if (bytesRead === 0 || kept.length > longestLine) return;
      const filled = Buffer.concat([kept, buffer.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = filled.indexOf(10); end !== -1; end = filled.indexOf(10, start)) {
        yield filled.subarray(start, end);
        start = end + 1;
      }
      kept = filled.subarray(start);
    }
  } finally {
    await file.close();
  }
}
