import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fsync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { rename, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CountersignError } from '../domain/errors.ts';
import type { NewFile } from '../domain/state.ts';

/*
 * What ends in the page cache is done in place: a trip to another thread costs ten times as much as the call itself. What waits
 * for the disk is handed to other threads, where what is synced in one moment shares a commit of the file system's journal.
 */

const sync = promisify(fsync);

// A killed process leaves such a file behind; its name begins with a dot, and no reader looks at it. Not the injected randomness: two processes whose tests inject the same one must still not share a name.
const asideOf = (path: string): string =>
  join(dirname(path), `.aside-${process.pid}-${randomBytes(6).toString('hex')}-${basename(path).slice(0, 40)}`);

async function writeAsideDurably(path: string, content: string): Promise<string> {
  const aside = asideOf(path);
  const file = openSync(aside, 'wx', 0o600);
  try {
    writeFileSync(file, content);
    await sync(file);
  } catch (thrown) {
    tidy(aside);
    throw thrown;
  } finally {
    closeSync(file);
  }
  return aside;
}

/** What stays is litter, and no fault. */
function tidy(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already, or the disk is broken, of which the next write tells.
  }
}

/** Makes the names in a folder durable. Windows cannot sync a directory; NTFS journals its names by itself. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    await sync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Link is the one call that fails when the name is there, so the file appears whole or not at all, and once. */
function linkOnce(aside: string, path: string): boolean {
  try {
    linkSync(aside, path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw new CountersignError('Unavailable', `cannot write ${path}`, {
      hint: 'the state directory needs a local file system with hard links',
      cause: thrown,
    });
  }
}

/** False: it is there already. Not synced. */
export function takeFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw new CountersignError('Unavailable', `cannot make ${path}`, { cause: thrown });
  }
}

export async function createExclusive(path: string, content: string): Promise<boolean> {
  const [made = false] = await createExclusiveAll([{ path, content }]);
  return made;
}

/** In the order given, each made or not by itself; the folders are synced when all of them have their names. */
export async function createExclusiveAll(files: readonly NewFile[]): Promise<readonly boolean[]> {
  const written = await Promise.allSettled(files.map(({ path, content }) => writeAsideDurably(path, content)));
  const asides = written.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  try {
    const failed = written.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const made = files.map(({ path }, n) => linkOnce(asides[n] ?? '', path));
    const folders = new Set(files.filter((_, n) => made[n]).map(({ path }) => dirname(path)));
    await Promise.all([...folders].map(syncFolder));
    return made;
  } finally {
    asides.forEach(tidy);
  }
}

/** The same without a sync, its folder made if missing. */
export async function mark(path: string, content: string): Promise<boolean> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // What is empty is whole from the first moment on.
  if (content === '') return makeEmpty(path);
  const aside = asideOf(path);
  await writeFile(aside, content, { flag: 'wx', mode: 0o600 });
  try {
    return linkOnce(aside, path);
  } finally {
    tidy(aside);
  }
}

async function makeEmpty(path: string): Promise<boolean> {
  try {
    await writeFile(path, '', { flag: 'wx', mode: 0o600 });
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

export async function replace(path: string, content: string): Promise<void> {
  const aside = await writeAsideDurably(path, content);
  try {
    renameSync(aside, path);
  } catch (thrown) {
    tidy(aside);
    throw thrown;
  }
  await syncFolder(dirname(path));
}

/**
 * Without a sync, and beside other work: making a name may wait for a sync of somebody else. ext4 writes a file out that is
 * renamed over another one, so the old one is taken away before.
 */
export async function show(path: string, content: string): Promise<void> {
  const aside = asideOf(path);
  await writeFile(aside, content, { flag: 'wx', mode: 0o600 });
  await unlink(path).catch(() => undefined);
  await rename(aside, path).catch(async (thrown: unknown) => {
    await unlink(aside).catch(() => undefined);
    throw thrown;
  });
}

/** One write at the end of the file, which the system does as a whole: lines of several processes do not mix. */
export const append = (path: string, line: string): void =>
  appendFileSync(path, `${line}\n`, { flag: 'a', mode: 0o600 });

export const codeOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
