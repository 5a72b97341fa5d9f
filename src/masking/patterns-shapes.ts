import { type Reader, type Recognizer, sets, type Verdict } from './patterns-reader.ts';

const dot = 0x2e;
const colon = 0x3a;
const at$ = 0x40;

/** JWS and JWE (RFC 7515, RFC 7516): a header in base64url, a dot, and the rest. */
export const jwtHead = 'eyJ';
const longestHeader = 4_000;
const least = { header: 11, rest: 10 };

export const jwtAt: Recognizer = (reader, at) => {
  const there = reader.has(jwtHead, at);
  if (there !== true) return there === 'more' ? 'more' : 'no';
  const dotAt = reader.runEnd(sets.word, at);
  if (dotAt - at > longestHeader) return 'no';
  if (reader.isOpenAt(dotAt)) return 'more';
  if (dotAt - at < least.header || reader.text.charCodeAt(dotAt) !== dot) return 'no';
  const end = reader.runEnd(sets.dotted, dotAt + 1);
  const open = reader.isOpenAt(end);
  if (end - dotAt - 1 < least.rest) return open ? 'more' : 'no';
  return { start: at, end, label: 'token', body: dotAt + 1, ...(open ? { goesOn: sets.dotted } : {}) };
};

export const keyHead = '-----BEGIN ';
const keyEnd = '-----END ';
const dashes = '-----';
const longestLabel = 60;

/** RFC 7468 and OpenPGP armor. A block that is cut off is masked to its end: its head tells nothing, its body does. */
export const privateKeyAt: Recognizer = (reader, at) => {
  const there = reader.has(keyHead, at);
  if (there !== true) return there === 'more' ? 'more' : 'no';
  const begin = at + keyHead.length;
  const labelEnd = Math.min(reader.runEnd(sets.label, begin), begin + longestLabel);
  if (reader.isOpenAt(labelEnd)) return 'more';
  if (!reader.text.slice(begin, labelEnd).includes('PRIVATE KEY')) return 'no';
  const closed = reader.has(dashes, labelEnd);
  if (closed !== true) return closed === 'more' ? 'more' : 'no';
  const body = labelEnd + dashes.length;
  const { end, open } = privateKeyEnd(reader, body);
  return { start: at, end, label: 'private key', body, ...(open ? { goesOn: 'private key' } : {}) };
};

/**
 * Where a private key ends whose body is looked through from here. `open`: not yet, and `end` is how far it certainly goes; the
 * next look begins there.
 */
export function privateKeyEnd(reader: Reader, from: number): { readonly end: number; readonly open: boolean } {
  const { text } = reader;
  const marker = reader.next(keyEnd, from);
  if (marker < 0) return { end: reader.final ? text.length : begunAt(text, keyEnd, from), open: !reader.final };
  const begin = marker + keyEnd.length;
  const labelEnd = Math.min(reader.runEnd(sets.label, begin), begin + longestLabel);
  const closed = reader.has(dashes, labelEnd);
  if (reader.isOpenAt(labelEnd) || closed === 'more') return { end: marker, open: true };
  return { end: closed ? labelEnd + dashes.length : labelEnd, open: false };
}

/** Where the last characters of a text are the first ones of the literal. */
function begunAt(text: string, literal: string, from: number): number {
  for (let at = Math.max(from, text.length - literal.length + 1); at < text.length; at++)
    if (literal.startsWith(text.slice(at))) return at;
  return text.length;
}

export const urlHead = '://';
const longestUser = 200;
const longestPassword = 2_000;

const authorityEnds = new Uint8Array(0x80).fill(1, 0, 0x21);
for (const character of '/"\'<>') authorityEnds[character.charCodeAt(0)] = 1;
const endsAuthority = (code: number): boolean => code < 0x80 && authorityEnds[code] === 1;
const userEnds = Uint8Array.from(authorityEnds);
for (const code of [colon, at$]) userEnds[code] = 1;
const endsUser = (code: number): boolean => code < 0x80 && userEnds[code] === 1;

/** The password of a URL (RFC 3986): up to the last `@` before the path, as URL parsers have it. */
export const urlPasswordAt: Recognizer = (reader, at): Verdict => {
  const there = reader.has(urlHead, at);
  if (there !== true) return there === 'more' ? 'more' : 'no';
  const { text } = reader;
  let here = at + urlHead.length;
  const user = Math.min(text.length, here + longestUser);
  while (here < user && !endsUser(text.charCodeAt(here))) here++;
  if (reader.isOpenAt(here)) return 'more';
  if (here === user || text.charCodeAt(here) !== colon) return 'no';
  const start = here + 1;
  const end = Math.min(text.length, start + longestPassword);
  let last = -1;
  for (here = start; here < end; here++) {
    const code = text.charCodeAt(here);
    if (endsAuthority(code)) break;
    if (code === at$) last = here;
  }
  if (here === end && reader.isOpenAt(end)) return 'more';
  return last <= start ? 'no' : { start, end: last, label: 'password in a URL', body: start };
};
