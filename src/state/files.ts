import { randomBytes } from 'node:crypto';
import { link, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CountersignError } from '../domain/errors.ts';

// A killed process leaves such a file behind; its name begins with a dot, and no reader looks at it. Not the injected randomness: two processes whose tests inject the same one must still not share a name.
const asideOf = (path: string): string =>
  join(dirname(path), `.aside-${process.pid}-${randomBytes(6).toString('hex')}-${basename(path).slice(0, 40)}`);

async function writeAside(path: string, content: string): Promise<string> {
  const aside = asideOf(path);
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  return aside;
}

/** Makes the names in a folder durable. Windows cannot sync a directory; NTFS journals its names by itself. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Link is the one call that fails when the name is there, so the file appears whole or not at all, and once. */
export async function createExclusive(path: string, content: string): Promise<boolean> {
  const aside = await writeAside(path, content);
  try {
    await link(aside, path);
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw new CountersignError('Unavailable', `cannot write ${path}`, {
      hint: 'the state directory needs a local file system with hard links',
      cause: thrown,
    });
  } finally {
    await unlink(aside);
  }
  await syncFolder(dirname(path));
  return true;
}

export async function replace(path: string, content: string): Promise<void> {
  const aside = await writeAside(path, content);
  try {
    await rename(aside, path);
  } catch (thrown) {
    await unlink(aside).catch(() => undefined);
    throw thrown;
  }
  await syncFolder(dirname(path));
}

export const codeOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
