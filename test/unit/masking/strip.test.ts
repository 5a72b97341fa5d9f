import { expect, it } from 'vitest';
import { strip } from '../../../src/masking/strip.ts';

const ascii = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code));

it('takes the same characters out of a long text as out of a short one, wherever they stand', () => {
  for (const character of ascii.filter((each) => each !== '\x1b'))
    for (let offset = 0; offset < 9; offset++) {
      const before = ' ~'.repeat(150).slice(offset);
      const behind = '\n'.repeat(offset);
      expect(strip(before + character + behind), `${character.charCodeAt(0)} at ${offset}`).toBe(
        before + strip(character) + behind,
      );
    }
});

it('takes a terminal sequence out of a long text', () => {
  const text = '.'.repeat(1_001);
  for (let at = 0; at < 8; at++) expect(strip(`${text.slice(at)}\x1b[31m${text}`)).toBe(`${text.slice(at)}${text}`);
});
