import { join } from 'node:path';
import type { JsonObject } from '../domain/json.ts';
import { chainFiles, readEnd } from './chain-files.ts';
import { parseLine } from './line.ts';

/** A line has 64 KiB; a checkpoint stands near the end of most files. */
const looked = 256 * 1024;

/** The last Checkpoint line of the newest file that ends in one or nearly; undefined where there is none. Nothing is checked. */
export function lastCheckpoint(folder: string): JsonObject | undefined {
  for (const file of chainFiles(folder).toReversed()) {
    const lines = readEnd(join(folder, file), looked).toString('utf8').split('\n').slice(0, -1);
    const found = lines.findLast((line) => /^\{"seq":\d+,"time":"[^"]*","type":"Checkpoint",/.test(line));
    if (found !== undefined) return parseLine(found);
  }
  return undefined;
}
