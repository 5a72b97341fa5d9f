let scratch = Buffer.allocUnsafeSlow(0x20000);
let twos = new Uint16Array(scratch.buffer);
let fours = new Int32Array(scratch.buffer);
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * The low bytes of a text's characters, which are looked at faster than the characters: what is found in them is compared with
 * the text. Good until it is called again.
 */
export function lowBytes(text: string): Uint8Array {
  if (scratch.length < text.length) {
    scratch = Buffer.allocUnsafeSlow(2 * (text.length + 4 - (text.length & 3)));
    twos = new Uint16Array(scratch.buffer);
    fours = new Int32Array(scratch.buffer);
  }
  scratch.write(text, 'latin1');
  return scratch;
}

/** The same bytes two by two, as `pairOf` numbers them: half as many to look at. The second of the last pair may be none of the text's. */
export const lowPairs = (): Uint16Array => twos;

/** The same bytes four by four. Of the last four some may be none of the text's. */
export const lowFours = (): Int32Array => fours;

export const pairOf = (first: number, second: number): number =>
  littleEndian ? first | (second << 8) : (first << 8) | second;
