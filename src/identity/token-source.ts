import { readFileSync, statSync } from 'node:fs';
import { CountersignError } from '../domain/errors.ts';

/** Bytes of a file that holds a token; longer ones no issuer makes. */
const mostBytes = 65_536;

/** The token that this process was started with; asked for each call. @throws Unauthorized when its file cannot be read */
export type TokenSource = () => string;

const unauthorized = (message: string, hint: string): CountersignError =>
  new CountersignError('Unauthorized', message, { hint });

/**
 * `COUNTERSIGN_TOKEN`, or `COUNTERSIGN_TOKEN_FILE`, which is read again when it changes: a projected service account token is
 * renewed under the same name. Undefined: neither is set.
 */
export function tokenSource(env: Readonly<Record<string, string | undefined>>): TokenSource | undefined {
  const { COUNTERSIGN_TOKEN: token, COUNTERSIGN_TOKEN_FILE: file } = env;
  if (token !== undefined && file !== undefined)
    return () => {
      throw unauthorized('COUNTERSIGN_TOKEN and COUNTERSIGN_TOKEN_FILE are both set', 'set one of them');
    };
  if (file !== undefined) return tokenOfFile(file);
  return token === undefined ? undefined : () => token.trim();
}

function tokenOfFile(file: string): TokenSource {
  let read: { readonly stamp: string; readonly token: string } | undefined;
  return () => {
    try {
      const found = statSync(file);
      const { mtimeMs, ctimeMs, size, ino } = found;
      // Reading a pipe would wait for ever, and all calls with it.
      if (!found.isFile() || size > mostBytes) throw new Error('it is not a file with a token');
      const stamp = `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
      if (read?.stamp !== stamp) read = { stamp, token: readFileSync(file, 'utf8').trim() };
      return read.token;
    } catch (cause) {
      throw new CountersignError('Unauthorized', 'The file that COUNTERSIGN_TOKEN_FILE names cannot be read', {
        hint: 'tell the user: the token of this agent is missing; see the path in the configuration of the client',
        cause,
      });
    }
  };
}
