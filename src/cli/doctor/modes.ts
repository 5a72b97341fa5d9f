import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The folder, or what in it, somebody else than its owner may touch. Nothing where there are no modes. */
export function openFiles(folder: string): readonly string[] {
  if (process.platform === 'win32') return [];
  const paths = [folder, ...readdirSync(folder).map((name) => join(folder, name))];
  return paths.filter((path) => (lstatSync(path).mode & 0o077) !== 0);
}
