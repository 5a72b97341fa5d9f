import { expect, it } from 'vitest';
import { visibleJson } from '../../../src/domain/hash-chain.ts';
import { mostEscaped, putVisible } from '../../../src/recording/visible-bytes.ts';

/** What is put for the bytes of `text`, which stand `shift` bytes from where a word of the machine begins. */
function put(text: string, shift = 0): { shown: string; before: string; behind: string } {
  const utf8 = Buffer.from(text);
  const from = new DataView(new ArrayBuffer(shift + utf8.length));
  utf8.copy(new Uint8Array(from.buffer), shift);
  const room = Buffer.from(new ArrayBuffer(3 + mostEscaped * utf8.length + 3));
  room.fill(0x2a);
  const end = putVisible(from, shift, shift + utf8.length, new DataView(room.buffer), 3);
  expect(end).toBeLessThanOrEqual(room.length - 3);
  return {
    before: room.toString('utf8', 0, 3),
    shown: room.toString('utf8', 3, end),
    behind: room.toString('utf8', room.length - 3),
  };
}
const shownBy = (text: string): string => visibleJson(text).slice(1, -1);

it('puts every character as visibleJson does', () => {
  const block = 0x400;
  const full = (first: number): boolean => [0, 1, 0xe].includes(first >> 16);
  // What nobody assigned comes in long rows, of which a part is enough.
  for (let first = 0; first < 0x11_0000; first += full(first) ? block : 16 * block) {
    const codes = Array.from({ length: block }, (_, n) => first + n).filter((code) => code < 0xd800 || code > 0xdfff);
    const text = codes.map((code) => String.fromCodePoint(code)).join('');
    expect(put(text).shown === shownBy(text), `from ${first.toString(16)}`).toBe(true);
  }
});

it('finds what is to be escaped wherever it stands in a word', () => {
  const odd = ['"', '\\', '\n', '\u0000', '\u001f', '\u007f', 'ü', '\u00ad', '€', '\u202e', '😀', '\u{e0001}', ''];
  for (const one of odd)
    for (const other of odd)
      for (let place = 0; place < 9; place++) {
        const text = `${'a'.repeat(place)}${one}${'z'.repeat(place % 3)}${other}${'~ '.repeat(place % 5)}`;
        for (let shift = 0; shift < 4; shift++) expect(put(text, shift).shown).toBe(shownBy(text));
      }
});

it('stays in the room that it was given', () => {
  for (const text of ['\u0001'.repeat(50), '\u{e0001}'.repeat(50), 'plain', 'abc"', 'abcd\u0001'])
    expect(put(text)).toMatchObject({ before: '***', behind: '***', shown: shownBy(text) });
});
