import { randomFillSync } from 'node:crypto';
import type { Random } from '../domain/environment.ts';

const poolBytes = 4_096;

/** Strong bytes, fetched from the system a pool at a time: each call needs sixteen. What was given is wiped from the pool. */
export function createRandom(): Random {
  const pool = Buffer.alloc(poolBytes);
  let used = poolBytes;
  return {
    bytes: (length) => {
      if (length > poolBytes / 8) return randomFillSync(Buffer.alloc(length));
      if (used + length > poolBytes) {
        randomFillSync(pool);
        used = 0;
      }
      const given = Buffer.from(pool.subarray(used, used + length));
      pool.fill(0, used, used + length);
      used += length;
      return given;
    },
  };
}
