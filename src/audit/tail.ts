import { watch } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../domain/json.ts';
import { chainFiles } from './chain-files.ts';
import { byTime, parseLine } from './line.ts';
import { scanLines } from './scan.ts';

export interface TailOptions {
  /** Goes on with what is written later, by chains that begin later too, until `signal` aborts. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
  /** Only the last so many of what is there already. */
  readonly last?: number;
  readonly invocation?: string;
  readonly approval?: string;
  readonly type?: string;
}

/** Milliseconds between two looks, where the operating system's notices fail. */
const lookEvery = 100;

/** Events of all chains in the folder, by time. Links are not checked here: `verify` does that. */
export async function* tail(folder: string, options: TailOptions = {}): AsyncGenerator<JsonObject, void, undefined> {
  const offsets = new Map<string, number>();
  const there = await readOn(folder, offsets, options);
  yield* options.last === undefined ? there : there.slice(Math.max(0, there.length - options.last));
  if (options.follow !== true) return;
  const notice = noticeChanges(folder, options.signal);
  try {
    while (options.signal?.aborted !== true) {
      const changed = notice.next();
      yield* await readOn(folder, offsets, options);
      await changed;
    }
  } finally {
    notice.stop();
  }
}

async function readOn(folder: string, offsets: Map<string, number>, options: TailOptions): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  for (const file of chainFiles(folder)) {
    const { end } = await scanLines(join(folder, file), offsets.get(file) ?? 0, (bytes) => {
      if (options.invocation !== undefined && !bytes.includes(options.invocation)) return;
      const line = parseLine(bytes);
      if (wanted(line, options)) found.push(line);
    });
    offsets.set(file, end);
  }
  return found.sort(byTime);
}

const wanted = (line: JsonObject, { invocation, approval, type }: TailOptions): boolean =>
  (invocation === undefined || line.invocation === invocation) &&
  (approval === undefined || line.approval === approval) &&
  (type === undefined || line.type === type);

interface Notice {
  /** Resolves at the next change, after a while, or at the end. */
  next(): Promise<void>;
  stop(): void;
}

function noticeChanges(folder: string, signal: AbortSignal | undefined): Notice {
  let wake = (): void => undefined;
  const awake = (): void => wake();
  const watcher = startWatching(folder, awake);
  signal?.addEventListener('abort', awake);
  return {
    next: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, lookEvery);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    stop: () => {
      wake();
      watcher?.close();
      signal?.removeEventListener('abort', awake);
    },
  };
}

function startWatching(folder: string, changed: () => void): ReturnType<typeof watch> | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, changed);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
