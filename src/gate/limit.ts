import type { Clock } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { type Principal, principalKey } from '../domain/principal.ts';
import type { Limits } from './ports.ts';

interface Bucket {
  tokens: number;
  filledAt: number;
  inFlight: number;
  dropped: number;
}

/** Rate for each principal, before the first audit line: a flood must not fill the disk. What is dropped is counted. */
export interface Limiter {
  /** @throws RateLimited */
  enter(principal: Principal): Entered;
  /** Calls under way, of all principals. */
  readonly inFlight: number;
}

/** A call on its way. A class, because thousands may wait. */
export class Entered {
  /** Calls that were dropped since the last one got through, for one audit line. */
  readonly dropped: number;
  readonly #bucket: Bucket;
  readonly #all: { inFlight: number };

  constructor(bucket: Bucket, all: { inFlight: number }) {
    this.dropped = bucket.dropped;
    this.#bucket = bucket;
    this.#all = all;
    bucket.dropped = 0;
    bucket.tokens -= 1;
    bucket.inFlight += 1;
    all.inFlight += 1;
  }

  leave(): void {
    this.#bucket.inFlight -= 1;
    this.#all.inFlight -= 1;
  }
}

export function createLimiter(limits: Limits, clock: Clock): Limiter {
  const buckets = new Map<string, Bucket>();
  const all = { inFlight: 0 };

  const bucketOf = (principal: Principal): Bucket => {
    const key = principalKey(principal);
    const now = clock.now();
    const bucket = buckets.get(key) ?? { tokens: limits.callsPerSecond, filledAt: now, inFlight: 0, dropped: 0 };
    const gained = ((now - bucket.filledAt) / 1000) * limits.callsPerSecond;
    bucket.tokens = Math.min(limits.callsPerSecond, bucket.tokens + Math.max(0, gained));
    bucket.filledAt = now;
    buckets.set(key, bucket);
    return bucket;
  };

  return {
    enter: (principal) => {
      const bucket = bucketOf(principal);
      if (bucket.tokens < 1 || bucket.inFlight >= limits.inFlight) {
        bucket.dropped += 1;
        throw tooMany(limits, bucket);
      }
      return new Entered(bucket, all);
    },
    get inFlight() {
      return all.inFlight;
    },
  };
}

const tooMany = (limits: Limits, bucket: Bucket): CountersignError =>
  bucket.inFlight >= limits.inFlight
    ? new CountersignError('RateLimited', `${limits.inFlight} calls of yours are still under way`, {
        hint: 'wait for them, or withdraw approvals that you do not need any more',
      })
    : new CountersignError('RateLimited', `More than ${limits.callsPerSecond} calls a second`, {
        hint: 'wait a second and send the call again; ask for several objects in one call',
      });
