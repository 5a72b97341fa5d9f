/** So that eight bytes can be read wherever a text has one. */
const slack = 8;

let scratch = Buffer.allocUnsafeSlow(0x20000);
let view = new DataView(scratch.buffer);

/**
 * The low bytes of a text's characters, which are looked at faster than the characters: what is found in them is compared with
 * the text. Good until it is called again; some more bytes stand behind them, which may be none of the text's.
 */
export function lowBytes(text: string): { readonly bytes: Uint8Array; readonly view: DataView } {
  if (scratch.length < text.length + slack) {
    scratch = Buffer.allocUnsafeSlow(2 * (text.length + slack));
    view = new DataView(scratch.buffer);
  }
  scratch.write(text, 'latin1');
  return { bytes: scratch, view };
}
