import { existsSync, readdirSync, readFileSync, type Stats, statSync } from 'node:fs';

/*
 * Small files that were written a moment ago are in the page cache: read in place they cost a tenth of what a trip to another
 * thread does. Whoever reads many of them gives the others a turn in between.
 */

/** Undefined: it is not there. */
export function readIfThere(path: string): string | undefined {
  // Asked first, because an exception costs more than all of the reading.
  if (!existsSync(path)) return undefined;
  return unlessMissing(() => readFileSync(path, 'utf8'));
}

/** Undefined: there is no such folder. */
export const namesIn = (folder: string): readonly string[] | undefined => unlessMissing(() => readdirSync(folder));

export const statIfThere = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false });

function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** Items that are worked on before others get a turn: a millisecond or two of small files. */
const atOnce = 16;

/** One after the other, with turns for the others in between. */
export async function eachInTurn<T>(items: Iterable<T>, work: (item: T) => Promise<unknown>): Promise<void> {
  let count = 0;
  for (const item of items) {
    if (++count % atOnce === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    await work(item);
  }
}

/** The value of the first call, also for those that come meanwhile; a failure is tried again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((thrown: unknown) => {
      made = undefined;
      throw thrown;
    });
    return made;
  };
}
