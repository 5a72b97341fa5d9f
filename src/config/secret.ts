import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { invalid } from '../domain/errors.ts';

/** What a configuration holds instead of a secret: `env:NAME`, or `file:PATH` (relative to the configuration's folder). */
export const isSecretReference = (text: string): boolean => /^(?:env:[A-Za-z_]\w*|file:.+)$/.test(text);

/** The secret itself, without the newline that files end with. @throws Invalid when it is not there; the text names no value */
export function readSecret(
  reference: string,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const secret = reference.startsWith('env:') ? env[reference.slice(4)] : readFile(reference.slice(5), folder);
  if (secret === undefined || secret === '') {
    throw invalid(`${reference} is empty or not there`, 'set it, or name another reference (env:NAME, file:PATH)');
  }
  return secret;
}

function readFile(path: string, folder: string): string | undefined {
  try {
    return readFileSync(isAbsolute(path) ? path : resolve(folder, path), 'utf8').replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}
