import { appendFileSync, readFileSync, statSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** To be given to `startAgent`: its server then writes down what of the files in `disk` was synced. */
export const watchedDisk = (
  disk: string,
  journal: string,
  pidFile: string,
  lies = false,
): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--require ${join(import.meta.dirname, 'power-loss.cjs')}`,
  COUNTERSIGN_TEST_DISK: disk,
  COUNTERSIGN_TEST_SYNCED: journal,
  COUNTERSIGN_TEST_PID: pidFile,
  ...(lies ? { COUNTERSIGN_TEST_LIES: 'yes' } : {}),
});

/** What is left of bytes that were written and not synced: nothing, the first ones, or as many zeros. */
export type Leftover = 'nothing' | 'part' | 'zeros';

/**
 * What a failure of power leaves of the files that the killed process made: of each the bytes up to its last sync, and none whose
 * name was not made durable. Returns how many bytes were taken away.
 */
export function cutPower(journal: string, leaves: Leftover): number {
  let lost = 0;
  for (const [path, { synced, isNamed }] of filesIn(journal)) {
    const { size } = statSync(path);
    lost += size - (isNamed ? synced : 0);
    if (isNamed) leave(path, synced, size - synced, leaves);
    else unlinkSync(path);
  }
  return lost;
}

interface Written {
  synced: number;
  isNamed: boolean;
}

function filesIn(journal: string): ReadonlyMap<string, Written> {
  const files = new Map<string, Written>();
  for (const text of readFileSync(journal, 'utf8').split('\n').slice(0, -1)) {
    const line: { readonly made?: string; readonly file?: string; readonly size?: number } = JSON.parse(text);
    const file = files.get(line.file ?? '');
    if (line.made !== undefined) files.set(line.made, { synced: 0, isNamed: false });
    else if (line.file === undefined) for (const each of files.values()) each.isNamed = true;
    else if (file !== undefined) file.synced = Math.max(file.synced, line.size ?? 0);
  }
  return files;
}

function leave(path: string, kept: number, unsynced: number, leaves: Leftover): void {
  if (leaves === 'part') truncateSync(path, kept + Math.floor(unsynced / 2));
  else truncateSync(path, kept);
  if (leaves === 'zeros') appendFileSync(path, Buffer.alloc(unsynced));
}
