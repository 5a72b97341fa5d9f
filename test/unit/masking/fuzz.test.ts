import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matcherOf } from '../../../src/masking/matcher.ts';
import { maskSeen } from '../../../src/masking/stream-text.ts';
import { strip } from '../../../src/masking/strip.ts';
import { cuts, texts, values } from '../../support/masking-texts.ts';
import { naiveMask, naiveStrip } from '../../support/naive-mask.ts';
import { scope, streamed } from './streamed.ts';

/**
 * All properties of the mask at once, over random texts, and for as long as `COUNTERSIGN_FUZZ_MINUTES` says in `npm run soak`.
 * The seed is printed: `COUNTERSIGN_FUZZ_SEED` runs it again.
 */
const soak = process.env.COUNTERSIGN_SOAK === '1';
const minutes = soak ? Number(process.env.COUNTERSIGN_FUZZ_MINUTES ?? 10) : undefined;
const seed = Number(process.env.COUNTERSIGN_FUZZ_SEED ?? (soak ? Date.now() % 0x7fffffff : 7));

function check(text: string, lengths: readonly number[]): void {
  const bytes = Buffer.from(text);
  const seen = strip(bytes.toString());
  const whole = maskSeen(seen, matcherOf(scope));
  expect(whole).toBe(naiveMask(naiveStrip(bytes.toString()), values));
  expect(maskSeen(whole, matcherOf(scope))).toBe(whole);
  expect(streamed(bytes, lengths)).toBe(whole);
}

it(
  'a fuzz run finds nothing',
  () => {
    let runs = 0;
    const property = fc.property(texts, cuts, (text, lengths) => {
      runs += 1;
      check(text, lengths);
    });
    const until = minutes === undefined ? {} : { interruptAfterTimeLimit: minutes * 60_000 };
    fc.assert(property, { seed, numRuns: minutes === undefined ? 60 : Number.MAX_SAFE_INTEGER, ...until });
    if (soak) console.log(`masking fuzz: seed ${seed}, ${runs} texts, ${minutes} minutes, nothing found`);
    expect(runs).toBeGreaterThan(50);
  },
  ((minutes ?? 2) + 2) * 60_000,
);
