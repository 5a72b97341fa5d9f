import { describe, expect, it } from 'vitest';
import { compilePatterns } from '../../../src/masking/patterns-user.ts';

describe('patterns of a configuration', () => {
  it('are masked beside the shipped ones, by their names', async () => {
    const set = await compilePatterns([{ name: 'acme key', pattern: 'acme-[0-9a-f]{8}' }]);
    expect(set.mask('a acme-0123abcd b AKIAABCDEFGHIJKLMNOP c')).toBe('a [masked acme key] b [masked AWS key id] c');
  });

  it('mask what they match as it stands, whatever a replacement would mean', async () => {
    const set = await compilePatterns([{ name: 'x', pattern: 'k(e)y' }]);
    expect(set.mask('key $1')).toBe('[masked x] $1');
  });

  it.each([
    ['a[', /pattern "p": .*missing closing \]/],
    ['(?=a)', /RE2 syntax: no look-around/],
    ['(a{1,30}){1,30}b{500}', /pattern "p": costs \d+ steps a character; at most 1000/],
    ['a*', /pattern "p": matches the empty text/],
    ['a'.repeat(501), /501 characters; at most 500/],
  ])('%s is refused with what to do', async (pattern, words) => {
    await expect(compilePatterns([{ name: 'p', pattern }])).rejects.toThrow(words);
  });

  it('a name that could end a placeholder early, and too many patterns, are refused', async () => {
    await expect(compilePatterns([{ name: 'a] b', pattern: 'x' }])).rejects.toThrow(/a name has 1 to 60 letters/);
    const many = Array.from({ length: 51 }, (_, index) => ({ name: `p${index}`, pattern: 'x' }));
    await expect(compilePatterns(many)).rejects.toThrow(/51 patterns; at most 50/);
  });
});
