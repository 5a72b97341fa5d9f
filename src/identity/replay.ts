import { createHash } from 'node:crypto';
import type { Clock } from '../domain/environment.ts';
import { cannotTell, refuseProof } from './refuse.ts';

/** Proofs at most that are remembered at once, some 100 bytes each. */
const most = 100_000;

/**
 * Takes each proof once (RFC 9449 §11.1), in memory: a proof names the address that it is for, and one process listens there. After a
 * restart proofs of the last two minutes would be new again; their tokens are checked all the same.
 */
export function createReplayGuard(clock: Clock): (id: string, until: number) => void {
  /** By time of arrival, so the oldest are first. */
  const seen = new Map<string, number>();
  const forget = (): void => {
    const now = clock.now();
    for (const [key, until] of seen) {
      if (until > now) return;
      seen.delete(key);
    }
  };
  return (id, until) => {
    forget();
    const key = createHash('sha256').update(id).digest('base64');
    if (seen.has(key)) throw refuseProof('the proof was used already: make a new one for each request');
    // Nothing is forgotten to make room: what was forgotten could come again.
    if (seen.size >= most) throw cannotTell('too many proofs in two minutes');
    seen.set(key, until);
  };
}
