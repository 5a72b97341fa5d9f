import { type CryptoKey, createLocalJWKSet, errors, type JSONWebKeySet, type JWTHeaderParameters } from 'jose';
import type { Clock, Log } from '../domain/environment.ts';
import type { IssuerFetch } from './fetch.ts';
import { cannotTell, refuseToken } from './refuse.ts';

/** The key that a token names. @throws Challenge 401 when the issuer has no such key, 503 when its keys are not known */
export type KeyFinder = (header: JWTHeaderParameters) => Promise<CryptoKey>;

/** Milliseconds. A key that the issuer took away is refused after `fresh`, while the issuer can be reached. */
const fresh = 600_000;
/** Without the issuer its last keys are believed for so long, then no token of it is taken. */
const usable = 3_600_000;
/** Between two readings for a key that is not there, so that made-up key ids do not become requests to the issuer. */
const pause = 30_000;
const pauseAfterFailure = 5_000;

export interface KeysOptions {
  /** For the log. */
  readonly name: string;
  readonly keysAt: () => Promise<string>;
  readonly fetch: IssuerFetch;
  readonly clock: Clock;
  readonly log: Log;
}

type KeySet = ReturnType<typeof createLocalJWKSet>;

/** The public keys of one issuer, read when they are needed. */
export function createKeys({ name, keysAt, fetch, clock, log }: KeysOptions): KeyFinder {
  let keys: KeySet | undefined;
  let readAt = 0;
  let nextRead = 0;
  let reading: Promise<void> | undefined;

  const readNow = async (): Promise<void> => {
    try {
      keys = await readKeys(await keysAt(), fetch);
      readAt = clock.now();
      nextRead = readAt + pause;
    } catch (thrown) {
      nextRead = clock.now() + pauseAfterFailure;
      log.warn('the keys of an issuer could not be read', { issuer: name, error: reasonOf(thrown) });
    }
  };
  const read = (): Promise<void> => {
    // A clock that was set back must not keep us from reading.
    if (clock.now() < nextRead && nextRead - clock.now() <= pause) return reading ?? Promise.resolve();
    reading ??= readNow().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const age = (): number => (keys === undefined ? Number.POSITIVE_INFINITY : Math.abs(clock.now() - readAt));
  const found = async (header: JWTHeaderParameters): Promise<CryptoKey | undefined> => {
    if (keys === undefined || age() > usable) throw cannotTell('the keys of the issuer cannot be read now');
    return keys(header).catch((thrown: unknown) => {
      if (thrown instanceof errors.JWKSNoMatchingKey) return undefined;
      if (thrown instanceof errors.JWKSMultipleMatchingKeys)
        throw refuseToken('the token does not say which key of its issuer it is signed with');
      throw refuseToken('the key of the token cannot be used');
    });
  };

  return async (header) => {
    if (age() > usable) await read();
    // Still usable: nobody waits for the issuer.
    else if (age() > fresh) void read();
    const known = await found(header);
    if (known !== undefined) return known;
    await read();
    const added = await found(header);
    if (added === undefined) throw refuseToken('the issuer has no key such as the token names');
    return added;
  };
}

async function readKeys(url: string, fetch: IssuerFetch): Promise<KeySet> {
  // createLocalJWKSet checks the form.
  return createLocalJWKSet((await fetchKeys(url, fetch)) as JSONWebKeySet);
}

/** As the issuer publishes them, unchecked. @throws Error in our own words or the system's */
export async function fetchKeys(url: string, fetch: IssuerFetch): Promise<unknown> {
  const response = await fetch(url, { headers: { accept: 'application/json, application/jwk-set+json' } });
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  return response.json();
}

/** Our own words, or the system's code: what an issuer sends is not logged. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown';
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
  return code ?? (thrown.constructor === Error ? thrown.message : thrown.name);
}
