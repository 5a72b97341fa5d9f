import type { Clock } from '../domain/environment.ts';
import { type Principal, principalKey } from '../domain/principal.ts';

/** Milliseconds: what is counted together, and how far back it counts. */
const slot = 300_000;
const window = 3_600_000;
const mostPrincipals = 10_000;

/**
 * How often values of Secrets had to be hidden in what each principal was shown in the last hour. An agent that asks programs for
 * them, or writes them down to see them come back, stands out by it; a rule reads it as `principal.maskHits`. Counted in this
 * process, from its start.
 */
export interface MaskHits {
  add(principal: Principal, count: number): void;
  of(principal: Principal): number;
}

export function createMaskHits(clock: Clock): MaskHits {
  /** By principal the counts by slot; the one that was added to longest ago first. */
  const counts = new Map<string, Map<number, number>>();
  const now = (): number => Math.floor(clock.now() / slot);
  const recent = (slots: Map<number, number>): Map<number, number> => {
    for (const each of slots.keys()) if (each <= now() - window / slot) slots.delete(each);
    return slots;
  };
  return {
    add: (principal, count) => {
      const key = principalKey(principal);
      const slots = recent(counts.get(key) ?? new Map<number, number>());
      slots.set(now(), (slots.get(now()) ?? 0) + count);
      counts.delete(key);
      counts.set(key, slots);
      for (const oldest of counts.keys()) {
        if (counts.size <= mostPrincipals) break;
        counts.delete(oldest);
      }
    },
    of: (principal) => {
      if (counts.size === 0) return 0;
      let sum = 0;
      for (const count of recent(counts.get(principalKey(principal)) ?? new Map<number, number>()).values())
        sum += count;
      return sum;
    },
  };
}
