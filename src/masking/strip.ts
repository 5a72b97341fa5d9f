import { lowBytes } from './matcher-bytes.ts';

/** Fillers and joiners that are not of the category Format but are not seen either. */
const unseen = '\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u3164\\uffa0\\ufe00-\\ufe0f';
const suspicious = new RegExp(`(?![\\n\\t])[\\p{Cc}\\p{Cf}\\p{Cs}${unseen}]`, 'u');
/** Nearly all text is printable ASCII, which is seen at once. */
const unusual = /[^\x20-\x7e\n\t]/;
const nextUnusual = new RegExp(unusual.source, 'g');
const suspiciousAll = new RegExp(suspicious.source, 'gu');

/** Above that many characters their bytes are looked at instead. */
const long = 256;

function holdsUnusual(text: string): boolean {
  if (text.length < long) return unusual.test(text);
  if (Buffer.byteLength(text) !== text.length) return true;
  const { view } = lowBytes(text);
  const whole = text.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    const four = view.getInt32(at);
    // Of four ASCII characters: one below the space, where the subtraction borrows, or the last one, where the addition carries.
    const marked = ((four - 0x20202020) | (four + 0x01010101)) & 0x80808080;
    if (marked !== 0 && unusual.test(text.slice(at, at + 4))) return true;
  }
  return unusual.test(text.slice(whole));
}

/** Whether each character of the Basic Multilingual Plane is seen: 0 not asked yet, 1 seen, 2 not. */
const asked = new Uint8Array(0x10000);

function isUnseen(character: string): boolean {
  const code = character.charCodeAt(0);
  if (character.length > 1) return suspicious.test(character);
  if (asked[code] === 0) asked[code] = suspicious.test(character) ? 2 : 1;
  return asked[code] === 2;
}

const esc = 0x1b;
const bell = 0x07;
type State = 'text' | 'escape' | 'intermediate' | 'control' | 'string' | 'string-escape';

/** Where a terminal (ECMA-48) is after a character; undefined: the character is text. */
function next(state: State, code: number): State | undefined {
  if (state === 'string')
    return code === bell ? 'text' : code === esc ? 'string-escape' : code === 0x0a ? undefined : state;
  if (code === esc) return 'escape';
  if (code === bell) return 'text';
  if (state === 'string-escape') return code === 0x5c ? 'text' : next('escape', code);
  if (state === 'control') {
    if (code >= 0x20 && code <= 0x3f) return state;
    return code >= 0x40 && code <= 0x7e ? 'text' : undefined;
  }
  if (state === 'text') return undefined;
  if (state === 'escape') {
    if (code === 0x5b) return 'control';
    // OSC, DCS, SOS, PM and APC, whose text goes on to a BEL or ESC \; here also no further than the line.
    if (code === 0x5d || code === 0x50 || code === 0x58 || code === 0x5e || code === 0x5f) return 'string';
  }
  if (code >= 0x20 && code <= 0x2f) return 'intermediate';
  return code >= 0x30 && code <= 0x7e ? 'text' : undefined;
}

/**
 * Takes out what is not seen and could split a value: control characters but \n and \t, terminal sequences, zero-width, bidi.
 * For text in parts, of whole characters each: where a part ends makes no difference.
 */
export class Stripper {
  #state: State = 'text';

  push(text: string): string {
    if (this.#state === 'text' && !holdsUnusual(text)) return text;
    let seen = '';
    let index = 0;
    while (index < text.length) {
      if (this.#state === 'text') {
        nextUnusual.lastIndex = index;
        const found = nextUnusual.exec(text)?.index ?? text.length;
        seen += text.slice(index, found);
        index = found;
        if (index === text.length) break;
      }
      const character = String.fromCodePoint(text.codePointAt(index) as number);
      index += character.length;
      seen += this.#shown(character);
    }
    return seen;
  }

  #shown(character: string): string {
    const code = character.charCodeAt(0);
    if (code !== esc && code !== bell && isUnseen(character)) return '';
    const state = next(this.#state, code);
    this.#state = state ?? 'text';
    return state === undefined ? character : '';
  }
}

/** A whole text without what is not seen. */
export const strip = (text: string): string => (holdsUnusual(text) ? new Stripper().push(text) : text);

/** The same characters made visible as `\u{…}` instead. */
export const reveal = (text: string): string =>
  holdsUnusual(text) && suspicious.test(text)
    ? text.replace(suspiciousAll, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
    : text;
