import { lowBytes } from './matcher-bytes.ts';
import { strip } from './strip.ts';

/** A place in a text that reads differently: a line break that an encoder put there, an escaped character. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly reads: string;
}

/** A stretch of a text as it reads without its line breaks or escapes, and where each character of it stands. */
export class View {
  readonly text: string;
  readonly #start: number;
  /** Whether it may go on behind the end of the text. */
  readonly open: boolean;
  /** Whether it is read as one run of base64 or hex: nothing else is looked for in it. */
  readonly wrapped: boolean;
  readonly #starts: number[] = [];
  readonly #places: number[] = [];
  readonly #widths: number[] = [];

  constructor(source: string, region: Region, edits: readonly Edit[], wrapped: boolean) {
    this.#start = region.start;
    let text = '';
    const segment = (from: number, width: number, reads: string): void => {
      if (reads === '') return;
      this.#starts.push(text.length);
      this.#places.push(from);
      this.#widths.push(width);
      text += reads;
    };
    let done = region.start;
    for (const { start, end, reads } of edits) {
      segment(done, 1, source.slice(done, start));
      segment(start, end - start, reads);
      done = end;
    }
    segment(done, 1, source.slice(done, region.end));
    this.text = text;
    this.open = region.end === source.length;
    this.wrapped = wrapped;
  }

  /** Where the character of this index begins in the source. */
  placeOf(index: number): number {
    const at = this.#segment(index);
    const width = this.#widths[at] as number;
    return (this.#places[at] as number) + (width === 1 ? index - (this.#starts[at] as number) : 0);
  }

  /** Where what is read ends; behind it an edit may have begun. */
  get end(): number {
    return this.text === '' ? this.#start : this.endOf(this.text.length - 1);
  }

  endOf(index: number): number {
    return this.placeOf(index) + (this.#widths[this.#segment(index)] as number);
  }

  #segment(index: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

interface Region {
  readonly start: number;
  readonly end: number;
}

const encoded = new Uint8Array(0x80);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_')
  encoded[character.charCodeAt(0)] = 1;
/** Of base64, base64url or hex. */
export const isEncoded = (code: number): boolean => code < 0x80 && encoded[code] === 1;

/** No encoder breaks its lines before so many characters, and ordinary lines seldom end with so long a word. */
const fewestColumns = 10;
const mostIndent = 64;
const mostPadding = 2;
const isPadding = (code: number): boolean => code === 0x3d;
const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

function backWhile(text: string, from: number, most: number, holds: (code: number) => boolean): number {
  let at = from;
  while (at > 0 && from - at < most && holds(text.charCodeAt(at - 1))) at--;
  return at;
}

function onWhile(text: string, from: number, most: number, holds: (code: number) => boolean): number {
  let at = from;
  while (at < text.length && at - from < most && holds(text.charCodeAt(at))) at++;
  return at;
}

/** Stretches of a text, from `from` on, that read differently: none of them needs to be looked at for more than `longest` beside its edits. */
export function* viewsOf(text: string, from: number, longest: number): Generator<View> {
  const escaped = text.includes('\\', from);
  // Before the views are made: looking into them takes the place of the bytes.
  const breaks = escaped ? escapedBreaks(text, from) : plainBreaks(text, from);
  yield* wrappedViews(text, breaks, longest);
  yield* editedViews(text, softBreaks(text, from), longest);
  if (escaped) yield* editedViews(text, escapes(text, from), longest);
}

/** Runs of base64 or hex that go over line breaks, plain ones and those that JSON writes as `\n`, with indents. */
function* wrappedViews(text: string, breaks: readonly Edit[], longest: number): Generator<View> {
  let edits: Edit[] = [];
  let start = 0;
  let end = -1;
  for (const edit of breaks) {
    if (end !== edit.start) {
      if (edits.length > 0) yield wrappedView(text, start, end, edits);
      edits = [];
      start = backWhile(text, edit.start, longest, isEncoded);
    }
    edits.push(edit);
    end = onWhile(text, edit.end, text.length, isEncoded);
  }
  if (edits.length > 0) yield wrappedView(text, start, end, edits);
}

/** With what fills up its last group. */
const wrappedView = (text: string, start: number, end: number, edits: readonly Edit[]): View =>
  new View(text, { start, end: onWhile(text, end, mostPadding, isPadding) }, edits, true);

/** Where an encoder may have broken its lines. */
function plainBreaks(text: string, from: number): readonly Edit[] {
  const breaks: Edit[] = [];
  const { bytes } = lowBytes(text);
  const { length } = text;
  for (let at = text.indexOf('\n', from); at >= 0; at = text.indexOf('\n', at + 1))
    if (mayPart(bytes, length, at)) addBreak(breaks, text, at, at + 1);
  addBegun(breaks, text, from);
  return breaks;
}

/** Soft line breaks of quoted-printable. */
function* softBreaks(text: string, from: number): Generator<Edit> {
  for (let at = text.indexOf('=\n', from); at >= 0; at = text.indexOf('=\n', at + 2))
    yield { start: at, end: at + 2, reads: '' };
  if (text.length > from && text.endsWith('=')) yield { start: text.length - 1, end: text.length, reads: '' };
}

const markOfBreak = /\n|(?:\\r)?\\n/g;

/** The same where some are written as `\n`. */
function escapedBreaks(text: string, from: number): readonly Edit[] {
  const breaks: Edit[] = [];
  markOfBreak.lastIndex = from;
  for (let found = markOfBreak.exec(text); found !== null; found = markOfBreak.exec(text))
    addBreak(breaks, text, found.index, found.index + found[0].length);
  addBegun(breaks, text, from);
  return breaks;
}

/** With the blanks around it, if what stands before them may be of a run, and what stands behind. */
function addBreak(breaks: Edit[], text: string, from: number, to: number): void {
  const start = backWhile(text, from, mostIndent, isBlank);
  if (!isAfterRun(text, start)) return;
  const end = onWhile(text, to, mostIndent, isBlank);
  if (end === text.length || isEncoded(text.charCodeAt(end))) breaks.push({ start, end, reads: '' });
}

function addBegun(breaks: Edit[], text: string, from: number): void {
  const begun = begunBreak(text);
  if (begun !== undefined && begun >= from) breaks.push({ start: begun, end: text.length, reads: '' });
}

/** Most lines end with no long run, or the next one begins with none. By low bytes: no is certain, yes is not. */
function mayPart(bytes: Uint8Array, length: number, at: number): boolean {
  const after = bytes[at + 1] as number;
  if (at + 1 < length && !isEncoded(after) && !isBlank(after)) return false;
  if (at < fewestColumns) return false;
  if (isBlank(bytes[at - 1] as number)) return true;
  for (let back = 1; back <= fewestColumns; back++) if (!isEncoded(bytes[at - back] as number)) return false;
  return true;
}

function isAfterRun(text: string, at: number): boolean {
  if (at < fewestColumns) return false;
  for (let back = 1; back <= fewestColumns; back++) if (!isEncoded(text.charCodeAt(at - back))) return false;
  return true;
}

/** Where a break may have begun at the end of the text that is not all there yet: blanks, `\`, `\r`, `\r\`. */
function begunBreak(text: string): number | undefined {
  let at = text.length;
  if (text.endsWith('\\r\\')) at -= 3;
  else if (text.endsWith('\\r')) at -= 2;
  else if (text.endsWith('\\')) at -= 1;
  at = backWhile(text, at, mostIndent, isBlank);
  return at < text.length && isAfterRun(text, at) ? at : undefined;
}

const wholeEscape = /\\{1,8}(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/g;
const begunEscape = /\\{1,8}(?:u[0-9a-fA-F]{0,3}|x[0-9a-fA-F]?)?$/;
const longestEscape = 13;

/** Characters written as `\uXXXX` or `\xXX`, escaped again or not. */
function* escapes(text: string, from: number): Generator<Edit> {
  wholeEscape.lastIndex = from;
  let done = from;
  for (let found = wholeEscape.exec(text); found !== null; found = wholeEscape.exec(text)) {
    done = found.index + found[0].length;
    const character = String.fromCharCode(Number.parseInt(found[1] ?? found[2] ?? '', 16));
    yield { start: found.index, end: done, reads: /[\ud800-\udfff]/.test(character) ? character : strip(character) };
    wholeEscape.lastIndex = done;
  }
  const tail = Math.max(done, text.length - longestEscape);
  const begun = begunEscape.exec(text.slice(tail));
  if (begun !== null) yield { start: tail + begun.index, end: text.length, reads: '' };
}

/** One view for edits so near to each other that a needle can go over both. */
function* editedViews(text: string, edits: Iterable<Edit>, longest: number): Generator<View> {
  let near: Edit[] = [];
  const region = (): Region => ({
    start: Math.max(0, (near[0] as Edit).start - longest),
    end: Math.min(text.length, (near.at(-1) as Edit).end + longest),
  });
  for (const edit of edits) {
    const before = near.at(-1);
    if (before !== undefined && edit.start - before.end > longest) {
      yield new View(text, region(), near, false);
      near = [];
    }
    near.push(edit);
  }
  if (near.length > 0) yield new View(text, region(), near, false);
}
