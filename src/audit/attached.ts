import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lineDigest } from '../domain/hash-chain.ts';
import { realFiles } from './file-operations.ts';

const folderOf = (folder: string): string => join(folder, 'attached');
const digestForm = /^sha256:([0-9a-f]{64})$/;

/**
 * Keeps a text beside the chains, under the name of its digest: equal texts are one file. Resolves to `sha256:<hex>` when it
 * is on disk. @throws what node:fs throws
 */
export async function attachText(folder: string, text: string): Promise<string> {
  const hex = lineDigest(text);
  const name = join(folderOf(folder), hex);
  await mkdir(folderOf(folder), { recursive: true, mode: 0o700 });
  if (!(await isThere(name))) await writeWhole(folderOf(folder), name, text);
  return `sha256:${hex}`;
}

/** Written aside and then named, so that what has the name is whole. */
async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  const aside = `${name}.${randomBytes(6).toString('hex')}`;
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, name).catch(async (thrown: unknown) => {
    await rm(aside, { force: true });
    throw thrown;
  });
  realFiles.syncFolder(folder);
}

const isThere = (name: string): Promise<boolean> =>
  stat(name).then(
    () => true,
    () => false,
  );

/**
 * The text that a line of the log names by digest; undefined: it is not there.
 * @throws Error for a text that is not what the digest says
 */
export async function readAttached(folder: string, digest: string): Promise<string | undefined> {
  const hex = digestForm.exec(digest)?.[1];
  if (hex === undefined) return undefined;
  const name = join(folderOf(folder), hex);
  if (!(await isThere(name))) return undefined;
  const text = await readFile(name, 'utf8');
  if (lineDigest(text) !== hex) throw new Error(`${name} was changed: it is not what its name says`);
  return text;
}
