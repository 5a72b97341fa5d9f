import type { Clock } from '../domain/environment.ts';
import type { Identity } from './claims.ts';
import { refuseToken } from './refuse.ts';

/** Tokens at most that are remembered, by their SHA-256; what is remembered of one is some kilobyte. */
const most = 5_000;
/** Milliseconds after which a signature is checked again: a key that the issuer took away ends what it signed. */
const jwtFor = 300_000;
/** The issuer of a token that is no JWT is asked again. */
const introspectedFor = 30_000;

/** Verifies a token, or remembers that it was good. Its time is looked at each time. @throws Challenge */
export type Verified = (key: string, token: string) => Promise<Identity>;

export function createVerified(verify: (token: string) => Promise<Identity>, clock: Clock): Verified {
  const known = new Map<string, { readonly identity: Identity; readonly at: number }>();
  const asking = new Map<string, Promise<Identity>>();

  const anew = async (key: string, token: string): Promise<Identity> => {
    const at = clock.now();
    const identity = await verify(token);
    known.delete(key);
    known.set(key, { identity, at });
    const [oldest] = known.keys();
    if (known.size > most && oldest !== undefined) known.delete(oldest);
    return identity;
  };
  return async (key, token) => {
    const found = known.get(key);
    const now = clock.now();
    if (found !== undefined) {
      if (found.identity.expiresAt <= now) {
        known.delete(key);
        throw refuseToken('the token has expired');
      }
      if (Math.abs(now - found.at) < (found.identity.introspected ? introspectedFor : jwtFor)) return found.identity;
      known.delete(key);
    }
    // Calls that come together ask together.
    const running = asking.get(key) ?? anew(key, token).finally(() => asking.delete(key));
    asking.set(key, running);
    return running;
  };
}
