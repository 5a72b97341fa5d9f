let scratch = Buffer.allocUnsafeSlow(0x20000);

/**
 * The low bytes of a text's characters, which are looked at faster than the characters: what is found in them is compared with
 * the text. Good until it is called again.
 */
export function lowBytes(text: string): Uint8Array {
  if (scratch.length < text.length) scratch = Buffer.allocUnsafeSlow(text.length * 2);
  scratch.write(text, 'latin1');
  return scratch;
}
