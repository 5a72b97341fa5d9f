import { createHash } from 'node:crypto';
import type { Clock } from '../domain/environment.ts';
import { cannotTell, refuseProof } from './refuse.ts';

/** Proofs at most that are remembered at once, some 100 bytes each. */
const most = 100_000;
/** Of one key: who sends so many must not keep those of others from being taken. */
const mostOfOne = 10_000;

/** Whether this proof is new to every process; `until` is when it could not come again, in milliseconds since 1970. */
export type TakeProof = (key: string, until: number) => Promise<boolean>;

/** What makes a proof one of a kind. */
export interface UsedProof {
  /** Thumbprint of the key that signed it. */
  readonly by: string;
  readonly jti: string;
  /** Milliseconds since 1970: when it could not come again. */
  readonly until: number;
}

/**
 * Takes each proof once (RFC 9449 §11.1): first in the memory of this process, then among all that share `others`.
 * @throws Challenge for one that was used, and when that cannot be found out
 */
export function createReplayGuard(
  clock: Clock,
  others: TakeProof = async () => true,
): (proof: UsedProof) => Promise<void> {
  /** By time of arrival, so the oldest are first. */
  const seen = new Map<string, { readonly by: string; readonly until: number }>();
  const counts = new Map<string, number>();
  const count = (by: string, more: 1 | -1): void => {
    const now = (counts.get(by) ?? 0) + more;
    if (now === 0) counts.delete(by);
    else counts.set(by, now);
  };
  const forget = (): void => {
    const now = clock.now();
    for (const [key, { by, until }] of seen) {
      if (until > now) return;
      seen.delete(key);
      count(by, -1);
    }
  };
  return async ({ by, jti, until }) => {
    forget();
    const key = createHash('sha256').update(`${by} ${jti}`).digest('hex');
    if (seen.has(key)) throw used();
    // Nothing is forgotten to make room: what was forgotten could come again.
    if (seen.size >= most || (counts.get(by) ?? 0) >= mostOfOne) throw cannotTell('too many proofs in two minutes');
    seen.set(key, { by, until });
    count(by, 1);
    const isNew = await others(key, until).catch(() => {
      throw cannotTell('it cannot be found out whether the proof was used already');
    });
    if (!isNew) throw used();
  };
}

const used = () => refuseProof('the proof was used already: make a new one for each request');
