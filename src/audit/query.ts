import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type JsonObject, stringAt } from '../domain/json.ts';
import { chainFiles, longestLine } from './chain-files.ts';
import { type AuditQuery, fitting } from './fitting.ts';
import { byTime } from './line.ts';

/**
 * Events of all chains in the folder that fit, by time, one at a time: a log of any length is read in a few megabytes. Links
 * are not checked here, `verify` does that. What another process writes meanwhile may be missing.
 */
export async function* query(folder: string, asked: AuditQuery): AsyncGenerator<JsonObject, void, undefined> {
  // Sorted by the time of their first line, so that each is opened when its time has come.
  const later = [...chainFiles(folder)].sort();
  const heads: Head[] = [];
  const fits = fitting(asked);
  const advance = async (events: Events): Promise<void> => {
    const { done, value } = await events.next();
    if (done !== true) heads.push({ event: value, events });
  };
  for (;;) {
    heads.sort((a, b) => byTime(a.event, b.event));
    const [next] = heads;
    const file = later[0];
    if (file !== undefined && (next === undefined || beginOf(file) <= compact(stringAt(next.event, 'time') ?? ''))) {
      later.shift();
      await advance(fittingLines(join(folder, file), fits));
    } else if (next !== undefined) {
      heads.shift();
      yield next.event;
      await advance(next.events);
    } else return;
  }
}

type Events = AsyncGenerator<JsonObject, void, undefined>;

interface Head {
  readonly event: JsonObject;
  readonly events: Events;
}

const beginOf = (file: string): string => file.split('-')[0] ?? '';
const compact = (time: string): string => time.replace(/[-:.]/g, '');

const chunk = 1024 * 1024;

/** Of lines with their newline behind them; what is unfinished at the end is not one. */
async function* fittingLines(path: string, fits: ReturnType<typeof fitting>): Events {
  const file = await open(path, 'r');
  try {
    let kept: Buffer = Buffer.alloc(0);
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunk), 0, chunk, null);
      if (bytesRead === 0 || kept.length > longestLine) return;
      const filled = Buffer.concat([kept, buffer.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = filled.indexOf(10); end !== -1; end = filled.indexOf(10, start)) {
        const event = fits(filled.subarray(start, end));
        if (event !== undefined) yield event;
        start = end + 1;
      }
      kept = filled.subarray(start);
    }
  } finally {
    await file.close();
  }
}
