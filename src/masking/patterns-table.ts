import { assignmentAt, assignmentHeads } from './patterns-assignment.ts';
import { type CharacterSet, type Recognizer, sets } from './patterns-reader.ts';
import { jwtAt, jwtHead, keyHead, privateKeyAt, urlHead, urlPasswordAt } from './patterns-shapes.ts';
import { tokenAt, tokenForms } from './patterns-tokens.ts';

/** What to look at where a text begins with `head`. */
interface Entry {
  readonly head: string;
  /** What follows the head; anything where it is not said. */
  readonly body?: CharacterSet;
  readonly anyCase?: boolean;
  readonly recognize: Recognizer;
}

const entries: readonly Entry[] = [
  ...tokenForms.flatMap((form) =>
    form.heads.map((head): Entry => ({ head, body: form.body, recognize: tokenAt(form, head) })),
  ),
  { head: jwtHead, body: sets.word, recognize: jwtAt },
  { head: keyHead, recognize: privateKeyAt },
  { head: urlHead, recognize: urlPasswordAt },
  ...assignmentHeads.map((head): Entry => ({ head, anyCase: true, recognize: assignmentAt(head) })),
];

/** What the placeholders of the shipped patterns name. */
export const patternLabels: readonly string[] = [
  ...new Set([...tokenForms.map(({ label }) => label), 'token', 'private key', 'password in a URL', 'assigned secret']),
];

/** Low bytes of characters as five bits: letters without their case, one for all digits, the marks that heads are made of. */
const kinds = new Uint8Array(0x100);
const marks = '_-:/';
for (let code = 0; code < 0x80; code++) {
  const character = String.fromCharCode(code).toLowerCase();
  if (/[a-z]/.test(character)) kinds[code] = character.charCodeAt(0) - 0x60;
  else if (/[0-9]/.test(character)) kinds[code] = 27;
  else if (marks.includes(character)) kinds[code] = 28 + marks.indexOf(character);
}

const kindOf = (code: number): number => kinds[code & 0xff] as number;

/** How many characters a gram has, and as which bits of a number. */
export const gramLength = 3;
const gramMask = 0x7fff;

/** For each gram of three kinds which entry of `recognizers` to ask; 0: none. */
const slots = new Uint8Array(gramMask + 1);
export const recognizers: Recognizer[][] = [[]];
const headsOf: string[][] = [[]];

function enter(gram: number, { head, recognize }: Entry): void {
  if (slots[gram] === 0) {
    slots[gram] = recognizers.length;
    recognizers.push([]);
    headsOf.push([]);
  }
  const slot = slots[gram] as number;
  recognizers[slot]?.push(recognize);
  headsOf[slot]?.push(head.toLowerCase());
}

/** Which entry of `recognizers` to ask of the three low bytes there; 0: none. */
export const slotAt = (bytes: Uint8Array, at: number): number =>
  slots[
    ((kinds[bytes[at] as number] as number) << 10) |
      ((kinds[bytes[at + 1] as number] as number) << 5) |
      (kinds[bytes[at + 2] as number] as number)
  ] as number;

/**
 * Heads are looked for two bytes at a time, and told by three such pairs: where a head stands at the first byte of a pair, and where
 * it stands at the second. Those of some length together, so that few texts look like a head that is none.
 */
const atFirst = [0, 2, 4];
const atSecond = [-1, 1, 3];
const ways = [
  { least: 2, most: 5, places: atFirst },
  { least: 6, most: Number.POSITIVE_INFINITY, places: atFirst },
  { least: 2, most: 3, places: atSecond },
  { least: 4, most: 5, places: atSecond },
  { least: 6, most: Number.POSITIVE_INFINITY, places: atSecond },
];

/**
 * By two low bytes, the first one as the lower: at which places of heads they may stand, a bit for each, those of a way in a row.
 * What was seen goes on by a shift and by what the next two may be (bitap).
 */
export const pairs = new Uint16Array(0x10000);
/** What any two bytes may begin. */
export let beginAny = 0;
/** A head seems to have begun four bytes before these two. */
export let endFirst = 0;
/** Three bytes before. */
export let endSecond = 0;

type Bytes = readonly number[];
const anyByte: Bytes = Array.from({ length: 0x100 }, (_, code) => code);

function mark(firsts: Bytes, seconds: Bytes, bit: number): void {
  for (const second of seconds)
    for (const first of firsts) pairs[first | (second << 8)] = (pairs[first | (second << 8)] as number) | bit;
}

/** What may stand there of a head, or beside it. */
function bytesAt({ head, body, anyCase }: Entry, place: number): Bytes {
  if (place >= head.length) return body === undefined ? anyByte : anyByte.filter((code) => body[code] === 1);
  const character = head.charAt(place);
  if (character === '') return anyByte;
  return (anyCase === true ? [character, character.toUpperCase()] : [character]).map((each) => each.charCodeAt(0));
}

let bit = 1;
for (const { least, most, places } of ways) {
  beginAny |= bit;
  for (const place of places) {
    for (const entry of entries)
      if (entry.head.length >= least && entry.head.length <= most)
        mark(bytesAt(entry, place), bytesAt(entry, place + 1), bit);
    bit <<= 1;
  }
  if (places === atFirst) endFirst |= bit >> 1;
  else endSecond |= bit >> 1;
}

/**
 * Whether a whole text is printable ASCII, line breaks and tabs, and no head of a pattern stands anywhere in it. Then `maskPatterns`
 * and `strip` leave it as it is; false says nothing.
 */
export function surelyHoldsNone(text: string): boolean {
  let seen = 0;
  for (let at = 1; at < text.length; at += 2) {
    const first = text.charCodeAt(at - 1);
    const second = text.charCodeAt(at);
    if (!isPlain(first) || !isPlain(second)) return false;
    seen = ((seen << 1) | beginAny) & pairAt(first, second);
    if ((seen & endFirst) !== 0 && isHead(text, at - 5)) return false;
    if ((seen & endSecond) !== 0 && isHead(text, at - 4)) return false;
  }
  return text.length % 2 === 0 || isPlain(text.charCodeAt(text.length - 1));
}

/** Whether a whole head stands there, in whatever case. */
function isHead(text: string, at: number): boolean {
  const kind = (place: number): number => kindOf(text.charCodeAt(at + place));
  const slot = slots[(kind(0) << 10) | (kind(1) << 5) | kind(2)] as number;
  return (headsOf[slot] as string[]).some((head) => text.slice(at, at + head.length).toLowerCase() === head);
}

const pairAt = (first: number, second: number): number => pairs[first | (second << 8)] as number;
const isPlain = (code: number): boolean => (code >= 0x20 && code <= 0x7e) || code === 0x0a || code === 0x09;

/** What a head may begin with, of one and of two kinds: for the end of a text. */
const begins = new Set<number>();

for (const entry of entries) {
  const { head, body } = entry;
  const [first = 0, second = 0, third] = [...head].slice(0, gramLength).map((each) => kindOf(each.charCodeAt(0)));
  begins.add(first).add((first << 5) | second | 0x8000);
  const pair = (first << 10) | (second << 5);
  const thirds =
    third === undefined ? [...(body ?? [])].flatMap((is, code) => (is === 1 ? [kindOf(code)] : [])) : [third];
  for (const kind of new Set(thirds)) enter(pair | kind, entry);
}

/** Where at the end of a text a head may have begun, of which less than a gram is there. */
export function headBegunAt(text: string): number {
  const last = kindOf(text.charCodeAt(text.length - 1));
  const before = text.length > 1 ? kindOf(text.charCodeAt(text.length - 2)) : 0;
  if (text.length > 1 && begins.has((before << 5) | last | 0x8000)) return text.length - 2;
  return begins.has(last) ? text.length - 1 : text.length;
}
