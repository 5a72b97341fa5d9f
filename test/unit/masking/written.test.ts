import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { open } from '../../../src/domain/masked.ts';
import { createMasker } from '../../../src/masking/masker.ts';
import { silent } from '../../support/approvals.ts';
import { texts, values } from '../../support/masking-texts.ts';

const masker = createMasker({ log: silent });
const scope = { values };
const shown = (text: string, written?: string): string =>
  open(masker.text(text, scope, written === undefined ? undefined : () => written));

describe('what the caller wrote', () => {
  it('is echoed: of a text that it wrote itself nothing is hidden but by its form', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(shown(text, text)).toBe(open(masker.text(text, { values: [] })));
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('uncovers nothing where it wrote something else', () => {
    fc.assert(
      fc.property(texts, (text) => {
        // Of no value the whole, nor a whole line.
        const written = values.map(({ value }) => value.slice(1, Math.ceil(value.length / 2))).join('\n');
        expect(shown(text, written)).toBe(shown(text));
      }),
      { seed: 12, numRuns: 300 },
    );
  });

  it('uncovers the way in which it wrote it, and no other', () => {
    const value = 'hunter2-canary';
    const base64 = Buffer.from(value).toString('base64');
    expect(shown(`${value} ${base64}`, value)).toBe(`${value} [masked Secret s/k0]`);
    expect(shown(`${value} ${base64}`, base64)).toBe(`[masked Secret s/k0] ${base64}`);
    expect(shown(value, 'hunter2-canar')).toBe('[masked Secret s/k0]');
    expect(shown(value, 'see hunter2-canary!')).toBe(value);
  });

  it('is known again where it is quoted with escapes, and where it holds what is not seen', () => {
    const value = 'ab"c\\d\'e f$g';
    const quoted = `Invalid: ${JSON.stringify(value)}`;
    expect(shown(quoted)).toContain('[masked Secret s/k4]');
    expect(shown(quoted, value)).toBe(quoted);
    const slashes = '\\\\\\\\\\\\\\\\a';
    const own = { values: [{ value: slashes, source: 'Secret s/slashes' }] };
    expect(open(masker.text(slashes, own, () => 'a word'))).toBe('[masked Secret s/slashes]');
    expect(open(masker.text(slashes, own, () => slashes))).toBe(slashes);
    const split = 'hunter2\u200b-canary';
    expect(shown(split)).toBe('[masked Secret s/k0]');
    expect(shown(split, split)).toBe('hunter2-canary');
  });
});
