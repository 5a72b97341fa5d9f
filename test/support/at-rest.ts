import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

function goneIsEmpty(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return '';
  throw thrown;
}

/** How many files there are below the root, and which of them hold the value: plain, in base64 or in hex. */
export async function filesWith(
  root: string,
  value: string,
): Promise<{ readonly looked: number; readonly found: readonly string[] }> {
  const bytes = Buffer.from(value);
  const forms = [value, bytes.toString('base64'), bytes.toString('hex')];
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  // A file that is written aside is gone when it has been linked: what is read is what stays.
  const read = async (file: string) => [file, await readFile(file, 'latin1').catch(goneIsEmpty)] as const;
  const contents = await Promise.all(files.map(read));
  const found = contents.filter(([, content]) => forms.some((form) => content.includes(form))).map(([file]) => file);
  return { looked: files.length, found };
}
