import { visibleJson } from '../domain/hash-chain.ts';
import { lazy } from '../domain/lazy.ts';

/** The most bytes that come of one. */
export const mostEscaped = 6;

const insideOf = (text: string): string => visibleJson(text).slice(1, -1);

/** Of ASCII: the letter behind the backslash where two characters are put, 1 where it is put as it is, else 0. */
const ascii = lazy(() =>
  Uint8Array.from({ length: 0x80 }, (_, code) => {
    const shown = insideOf(String.fromCharCode(code));
    return shown.length === 1 ? 1 : shown.length === 2 ? shown.charCodeAt(1) : 0;
  }),
);

/** Of every code point, as they come by. */
const others = lazy(() => new Uint8Array(0x11_0000));
const asItIs = 1;
const escaped = 2;

/**
 * What `visibleJson` puts between the quotes, from UTF-8 to UTF-8 and without a string in between: the bytes of `from` before
 * `end` are put into `to` at `there`, where `mostEscaped` times as many have room. Returns where they end.
 */
export function putVisible(from: DataView, start: number, end: number, to: DataView, there: number): number {
  let at = there;
  for (let here = start; here < end; ) {
    if (here + 4 <= end) {
      const four = from.getInt32(here, true);
      to.setInt32(at, four, true);
      const before = plainIn(four);
      here += before;
      at += before;
      if (before === 4) continue;
    }
    const byte = from.getUint8(here);
    if (byte < 0x80) {
      here += 1;
      at = putAscii(byte, to, at);
    } else {
      const size = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      at = putCharacter(from, here, size, to, at);
      here += size;
    }
  }
  return at;
}

/** How many of four bytes come before one that may have to be escaped: a control, a quote, a backslash, or no ASCII. */
function plainIn(four: number): number {
  const odd =
    (four |
      (four - 0x20202020) |
      (four + 0x01010101) |
      ((four ^ 0x22222222) - 0x01010101) |
      ((four ^ 0x5c5c5c5c) - 0x01010101)) &
    0x80808080;
  // A borrow or a carry touches only bytes behind one that is odd itself, so the first is right.
  return odd === 0 ? 4 : (31 - Math.clz32(odd & -odd)) >> 3;
}

function putAscii(byte: number, to: DataView, at: number): number {
  const how = ascii()[byte] ?? 0;
  if (how === 0) return putText(insideOf(String.fromCharCode(byte)), to, at);
  if (how === 1) {
    to.setUint8(at, byte);
    return at + 1;
  }
  to.setUint8(at, 0x5c);
  to.setUint8(at + 1, how);
  return at + 2;
}

function putCharacter(from: DataView, here: number, size: number, to: DataView, at: number): number {
  let code = from.getUint8(here) & (0xff >> (size + 1));
  for (let n = 1; n < size; n++) code = (code << 6) | (from.getUint8(here + n) & 0x3f);
  const seen = others();
  if (seen[code] === 0) seen[code] = insideOf(String.fromCodePoint(code)).startsWith('\\u') ? escaped : asItIs;
  if (seen[code] === escaped) return putText(insideOf(String.fromCodePoint(code)), to, at);
  for (let n = 0; n < size; n++) to.setUint8(at + n, from.getUint8(here + n));
  return at + size;
}

function putText(text: string, to: DataView, at: number): number {
  for (let n = 0; n < text.length; n++) to.setUint8(at + n, text.charCodeAt(n));
  return at + text.length;
}
