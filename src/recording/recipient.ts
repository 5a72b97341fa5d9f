/** https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki */
const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/**
 * Whether it is an age recipient, X25519 or with a post-quantum half, letter by letter: what somebody mistyped is found when the
 * configuration is read, not when a program should run. https://github.com/C2SP/C2SP/blob/main/age.md
 */
export function isAgeRecipient(text: string): boolean {
  const [, name, data] = /^(age|age1pq)1([02-9ac-hj-np-z]{58,4000})$/.exec(text) ?? [];
  if (name === undefined || data === undefined || (name === 'age' && data.length !== 58)) return false;
  const codes = [...name].map((letter) => letter.charCodeAt(0));
  const values = [...data].map((letter) => alphabet.indexOf(letter));
  return checksum([...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...values]) === 1;
}

function checksum(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of generators.entries()) if ((top >>> bit) & 1) sum ^= generator;
  }
  return sum;
}
