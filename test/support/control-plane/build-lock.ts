import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Report } from './components.ts';
import { reportEvery } from './progress.ts';

const pollMs = 500;

/**
 * Runs `work` while no other process does for the same folder. A lock whose owner is dead is taken over.
 * Two that take over at the same moment could both build; that wastes time and nothing else, because each
 * builds into a folder of its own and renames it.
 */
export async function withBuildLock<T>(folder: string, report: Report, work: () => Promise<T>): Promise<T> {
  const lock = `${folder}.lock`;
  let stopReporting: (() => void) | undefined;
  try {
    for (;;) {
      if (await take(lock)) break;
      const owner = await ownerOf(lock);
      if (owner === undefined) continue;
      if (isAlive(owner)) {
        stopReporting ??= reportEvery(report, `waiting for process ${owner}, which builds the control plane`);
        await wait(pollMs);
      } else await discard(lock);
    }
  } finally {
    stopReporting?.();
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** A hard link appears at once and whole, so a lock always names its owner. */
async function take(lock: string): Promise<boolean> {
  const own = `${lock}.${process.pid}-${randomUUID()}`;
  await writeFile(own, String(process.pid));
  try {
    await link(own, lock);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** Undefined when the lock is gone by now. */
async function ownerOf(lock: string): Promise<number | undefined> {
  const text = await readFile(lock, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number(text);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function discard(lock: string): Promise<void> {
  const aside = `${lock}.stale-${process.pid}`;
  await rename(lock, aside).catch(() => undefined);
  await rm(aside, { force: true });
}
