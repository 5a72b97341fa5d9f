import { readFileSync } from 'node:fs';
import type { Clock } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import type { Credentials } from './connection.ts';

const rereadAfterMs = 60_000;

export const noToken: Credentials = { authorization: () => undefined, rejected: () => undefined };

export const fixedToken = (token: string): Credentials => ({
  authorization: () => `Bearer ${token}`,
  rejected: () => undefined,
});

/** A token that somebody renews in a file, as kubelet does with a projected one: read again each minute, and after a 401. */
export function tokenFile(path: string, clock: Clock): Credentials {
  let header: string | undefined;
  let readAt = 0;
  return {
    authorization: () => {
      if (header === undefined || clock.now() - readAt >= rereadAfterMs) {
        header = `Bearer ${readToken(path)}`;
        readAt = clock.now();
      }
      return header;
    },
    rejected: () => {
      header = undefined;
    },
  };
}

function readToken(path: string): string {
  try {
    const token = readFileSync(path, 'utf8').trim();
    if (token !== '') return token;
  } catch (cause) {
    throw new CountersignError('Unavailable', 'the token file of the cluster cannot be read', {
      hint: 'tell the operator: countersign doctor says which file',
      cause,
    });
  }
  throw new CountersignError('Unavailable', 'the token file of the cluster is empty');
}
