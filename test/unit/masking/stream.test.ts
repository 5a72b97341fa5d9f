import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matcherOf } from '../../../src/masking/matcher.ts';
import { maskSeen } from '../../../src/masking/stream-text.ts';
import { strip } from '../../../src/masking/strip.ts';
import { cuts, texts, values } from '../../support/masking-texts.ts';
import { naiveMask, naiveStrip } from '../../support/naive-mask.ts';
import { scope, streamed } from './streamed.ts';

const whole = (text: string): string => maskSeen(strip(text), matcherOf(scope));
const runs = 1_000;
/** The naive one is slow. */
const naiveRuns = 150;
const most = 120_000;

describe('what is masked', () => {
  it(
    'is what a naive mask of the whole text hides, neither more nor less',
    () => {
      fc.assert(
        fc.property(texts, (text) => {
          expect(strip(text)).toBe(naiveStrip(text));
          expect(whole(text)).toBe(naiveMask(naiveStrip(text), values));
        }),
        { numRuns: naiveRuns },
      );
    },
    most,
  );

  it(
    'is the same however the bytes are cut',
    () => {
      fc.assert(
        fc.property(texts, cuts, (text, lengths) => {
          const bytes = Buffer.from(text);
          expect(streamed(bytes, lengths)).toBe(whole(bytes.toString()));
        }),
        { numRuns: runs, examples: [['[masked Secret s/k0]\u001b[]bracket-first', [1]]] },
      );
    },
    most,
  );

  it(
    'is not changed when it is masked again',
    () => {
      fc.assert(
        fc.property(texts, (text) => {
          const once = whole(text);
          expect(whole(once)).toBe(once);
        }),
        { numRuns: runs },
      );
    },
    most,
  );

  it.each([
    'sk-ant-hunter2-canary-----BEGIN RSA PRIVATE KEY-----\nMIIE',
    'eGxpbmUgb25lIG9mIGEgZmV3CmxpbmUgdHdvIG9mIGEgZmV3CmVuZCBvZiBpdA==\r\n=',
    'Bearer 68756e746572322d63616e617279x',
  ])('is the same byte by byte, as a fuzz run once found it not to be: %j', (text) => {
    expect(streamed(Buffer.from(text), [1])).toBe(whole(text));
  });
});
