import { createHash } from 'node:crypto';
import type { Clock } from '../domain/environment.ts';
import { cannotTell, refuseProof } from './refuse.ts';

/** Proofs at most that are remembered at once, some 100 bytes each. */
const most = 100_000;

/** Whether this proof is new to every process; `until` is when it could not come again, in milliseconds since 1970. */
export type TakeProof = (key: string, until: number) => Promise<boolean>;

/**
 * Takes each proof once (RFC 9449 §11.1): first in the memory of this process, then among all that share `others`.
 * @throws Challenge for one that was used, and when that cannot be found out
 */
export function createReplayGuard(
  clock: Clock,
  others: TakeProof = async () => true,
): (id: string, until: number) => Promise<void> {
  /** By time of arrival, so the oldest are first. */
  const seen = new Map<string, number>();
  const forget = (): void => {
    const now = clock.now();
    for (const [key, until] of seen) {
      if (until > now) return;
      seen.delete(key);
    }
  };
  return async (id, until) => {
    forget();
    const key = createHash('sha256').update(id).digest('hex');
    if (seen.has(key)) throw used();
    // Nothing is forgotten to make room: what was forgotten could come again.
    if (seen.size >= most) throw cannotTell('too many proofs in two minutes');
    seen.set(key, until);
    const isNew = await others(key, until).catch(() => {
      throw cannotTell('it cannot be found out whether the proof was used already');
    });
    if (!isNew) throw used();
  };
}

const used = () => refuseProof('the proof was used already: make a new one for each request');
