import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { open } from '../../../src/domain/masked.ts';
import { createMasker } from '../../../src/masking/masker.ts';
import { matcherOf } from '../../../src/masking/matcher.ts';
import { compilePatterns, type OwnPatterns, piece } from '../../../src/masking/patterns-own.ts';
import { OwnSearch } from '../../../src/masking/stream-own.ts';
import { maskSeen } from '../../../src/masking/stream-text.ts';
import { strip } from '../../../src/masking/strip.ts';
import { silent } from '../../support/approvals.ts';
import { cuts, texts } from '../../support/masking-texts.ts';
import { scope, streamed } from './streamed.ts';

const compiled = async (...patterns: readonly string[]): Promise<OwnPatterns> =>
  (await compilePatterns(patterns.map((pattern, index) => ({ name: `own ${index}`, pattern })))) as OwnPatterns;

const whole = (text: string, own: OwnPatterns): string =>
  maskSeen(strip(text), matcherOf(scope), undefined, new OwnSearch(own));

describe("an operator's patterns", () => {
  it('are masked beside the shipped ones, by their names', async () => {
    const own = await compilePatterns([{ name: 'acme key', pattern: 'acme-[0-9a-f]{8}' }]);
    const text = 'a acme-0123abcd b AKIAABCDEFGHIJKLMNOP c';
    expect(whole(text, own as OwnPatterns)).toBe('a [masked acme key] b [masked AWS key id] c');
  });

  it('are masked in objects too, and the place is named', async () => {
    const patterns = await compiled('acme-[0-9a-f]{8}');
    const masker = createMasker({ log: silent, patterns });
    const raw = { kind: 'X', metadata: { name: 'acme-0123abcd' }, spec: { a: 'see acme-0123abcd', b: 'no' } };
    const { value, masked } = masker.object(raw);
    // A name is what objects are called by.
    expect(open(value)).toEqual({ ...raw, spec: { a: 'see [masked own 0]', b: 'no' } });
    expect(masked).toEqual(['spec.a']);
  });

  it('count characters as the text does, also behind those of two units', async () => {
    expect(whole('😀é acme-1 鍵', await compiled('acme-\\d'))).toBe('😀é [masked own 0] 鍵');
  });

  it('see one line at a time', async () => {
    expect(whole('acme\nkey\nacme key', await compiled('acme\\skey'))).toBe('acme\nkey\n[masked own 0]');
    expect(whole('x1\ny1\nx1 y1', await compiled('^x\\d$'))).toBe('[masked own 0]\ny1\nx1 y1');
  });

  it('are the same however the bytes are cut', async () => {
    const own = await compiled('[a-c]{3}[-0-9]+x?', 'hunter\\d', 'the quick.{0,30}');
    fc.assert(
      fc.property(texts, cuts, (text, lengths) => {
        const bytes = Buffer.from(text);
        const once = whole(bytes.toString(), own);
        expect(streamed(bytes, lengths, own)).toBe(once);
        expect(whole(once, own)).toBe(once);
      }),
      { numRuns: 500 },
    );
  }, 120_000);

  it('are the same in lines that are longer than a piece, where pieces meet too', async () => {
    const own = await compiled('k[0-9]{4}', 'z{3,}');
    for (const before of [piece.begins - 3, piece.begins, piece.begins + piece.goesOn - 2, 2 * piece.begins - 1]) {
      const text = `${'.'.repeat(before)}k1234${'.'.repeat(before)}zzzzzz${'.'.repeat(99)}\nk5678`;
      const expected = text.replace(/k\d{4}/g, '[masked own 0]').replace(/z+/g, '[masked own 1]');
      expect(whole(text, own)).toBe(expected);
      for (const length of [1_000, 4_096, 70_000]) expect(streamed(Buffer.from(text), [length], own)).toBe(expected);
    }
  });

  it.each([
    ['a[', /pattern "p": .*missing closing \]/],
    ['(?=a)', /RE2 syntax: no look-around/],
    ['(a{1,30}){1,30}b{500}', /pattern "p": costs \d+ steps a character; at most 1000/],
    ['a*', /pattern "p": matches the empty text/],
    ['a'.repeat(501), /501 characters; at most 500/],
    ['[a-z]{6}', /matches our own placeholders and so ordinary words: ask for more/],
  ])('%s is refused with what to do', async (pattern, words) => {
    await expect(compilePatterns([{ name: 'p', pattern }])).rejects.toThrow(words);
  });

  it('a name that could end a placeholder early, and too many patterns, are refused', async () => {
    await expect(compilePatterns([{ name: 'a] b', pattern: 'x' }])).rejects.toThrow(/a name has 1 to 60 letters/);
    const many = Array.from({ length: 21 }, (_, index) => ({ name: `p${index}`, pattern: 'x' }));
    await expect(compilePatterns(many)).rejects.toThrow(/21 patterns; at most 20/);
  });
});
