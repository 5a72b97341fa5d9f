import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

function goneIsEmpty(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return '';
  throw thrown;
}

/** All files below the root, with their bytes as Latin 1. */
export async function filesBelow(root: string): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  // A file that is written aside is gone when it has been linked: what is read is what stays.
  const read = async (path: string) => ({ path, text: await readFile(path, 'latin1').catch(goneIsEmpty) });
  return Promise.all(paths.map(read));
}

/** How many files there are below the root, and which of them hold the value: plain, in base64 or in hex. */
export async function filesWith(
  root: string,
  value: string,
): Promise<{ readonly looked: number; readonly found: readonly string[] }> {
  const bytes = Buffer.from(value);
  const forms = [value, bytes.toString('base64'), bytes.toString('hex')];
  const files = await filesBelow(root);
  const found = files.filter(({ text }) => forms.some((form) => text.includes(form))).map(({ path }) => path);
  return { looked: files.length, found };
}
