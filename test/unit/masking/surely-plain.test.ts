import fc from 'fast-check';
import { expect, it } from 'vitest';
import { maskPatterns, surelyPlain } from '../../../src/masking/patterns.ts';
import { strip } from '../../../src/masking/strip.ts';

const fragments = [
  ...['eyJhbGciOi', 'eyJ', '.', 'AKIA', 'ASIA', '0123456789ABCDEF', '-----BEGIN', ' RSA PRIVATE KEY-----', '-', '\n'],
  ...['https://', 'user:', 'password', '@', '/', 'a', 'B', 'é', '\u200b', '\u001b[31m', '\t', ' '],
];

it('says of no text that anything would be masked or stripped in that it is plain', () => {
  let plain = 0;
  const texts = fc.array(fc.constantFrom(...fragments), { maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(texts, (text) => {
      if (!surelyPlain(text)) return;
      plain += 1;
      expect(maskPatterns(strip(text))).toBe(text);
    }),
    { numRuns: 20_000 },
  );
  expect(plain).toBeGreaterThan(500);
});

it('says so of the words that objects are made of, and of nothing long', () => {
  for (const word of [
    'registry.example.com/web:1.4.2',
    'Running',
    '100m',
    'kube-api-access-x7f2p',
    '2026-11-21T09:14:02Z',
    '',
  ])
    expect(surelyPlain(word)).toBe(true);
  expect(surelyPlain('a'.repeat(101))).toBe(false);
});
