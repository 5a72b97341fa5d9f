import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { invalid } from '../../domain/errors.ts';
import { chainFiles } from '../chain-files.ts';

/** Where the chains are that are verified. */
export interface Places {
  /** Path by file name, oldest chain first. */
  readonly paths: ReadonlyMap<string, string>;
  readonly folders: readonly string[];
  /** Whether whole folders were named: then what is missing in them is a fault. */
  readonly whole: boolean;
}

/** @throws Invalid when there is no log in one of them, or one chain in two of them */
export async function findChains(named: readonly string[]): Promise<Places> {
  const found = (await Promise.all(named.map(inOne))).flat();
  const paths = new Map<string, string>();
  for (const { path } of found.toSorted((a, b) => (basename(a.path) < basename(b.path) ? -1 : 1))) {
    const file = basename(path);
    const other = paths.get(file);
    if (other !== undefined && other !== path)
      throw invalid(
        `the chain ${file} is in two places: ${dirname(other)} and ${dirname(path)}`,
        'name each chain once',
      );
    paths.set(file, path);
  }
  const folders = [...new Set(found.map(({ path }) => dirname(path)))];
  return { paths, folders, whole: found.every(({ whole }) => whole) };
}

async function inOne(named: string): Promise<readonly { readonly path: string; readonly whole: boolean }[]> {
  const hint = 'name the audit folder or a file in it';
  const found = await stat(named).catch(() => undefined);
  if (found === undefined) throw invalid(`there is no audit log at ${named}`, hint);
  if (!found.isDirectory()) return [{ path: named, whole: false }];
  const files = chainFiles(named);
  if (files.length === 0) throw invalid(`there is no audit log in ${named}`, hint);
  return files.map((file) => ({ path: join(named, file), whole: true }));
}
