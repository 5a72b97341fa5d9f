import { lowBytes } from './matcher-bytes.ts';

/** Something to be looked for, of at least eight characters. */
export interface Needle {
  readonly text: string;
  readonly source: string;
  readonly edge: number;
  readonly wraps: boolean;
}

const width = 8;
const gram = 4;
/** Of every five grams in a row one is looked at, and a window of eight characters has five. */
const stride = width - gram + 1;
/** Multiplicative hashing (Knuth), whose lowest bits say least. The numbers stand in the functions: V8 does not look up literals. */
const hashOf = (key: number): number => Math.imul(key, -0x61c88647);
const headOf = (hash: number, mask: number): number => (hash >>> 12) & mask;
/** Two bits of a word; of a shift's distance the lowest five bits count. */
const bitsOf = (hash: number): number => (1 << (hash >>> 7)) | (1 << (hash >>> 27));
const hasBits = (word: number, hash: number): boolean => ((word >>> (hash >>> 7)) & (word >>> (hash >>> 27)) & 1) !== 0;

const gramAt = (text: string, at: number): number =>
  (text.charCodeAt(at) & 0xff) |
  ((text.charCodeAt(at + 1) & 0xff) << 8) |
  ((text.charCodeAt(at + 2) & 0xff) << 16) |
  (text.charCodeAt(at + 3) << 24);

const gramIn = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) |
  ((bytes[at + 1] as number) << 8) |
  ((bytes[at + 2] as number) << 16) |
  ((bytes[at + 3] as number) << 24);

/**
 * Finds thousands of needles in one pass. Of each needle the window of eight characters that is rarest among all needles is
 * entered by its five grams; of the text every fifth gram is looked up in a bitmap, and only what is in it is compared.
 */
export class NeedleIndex {
  readonly #needles: readonly Needle[];
  /** Words of 32 bits. Each gram sets two in one word, so that one that is of no needle seldom finds both. */
  readonly #words: Int32Array;
  /** Of each half of a word the grams that fall into it, the last one that was entered first. */
  readonly #heads: Int32Array;
  /** Two numbers an entry: the gram, and the next entry of its head. */
  readonly #entries: Int32Array;
  /** Where in its needle each window begins. */
  readonly #windows: Int32Array;
  #prefixes: Prefixes | undefined;

  constructor(needles: readonly Needle[]) {
    this.#needles = needles;
    const entries = needles.length * stride;
    const size = 2 ** Math.min(20, Math.max(8, Math.ceil(Math.log2(entries + 1))));
    this.#words = new Int32Array(size / 2);
    this.#heads = new Int32Array(size).fill(-1);
    this.#entries = new Int32Array(2 * entries);
    this.#windows = new Int32Array(needles.length);
    this.#enterAll();
  }

  /** All needles as one text: asking for the bytes of each costs more than all else. */
  #enterAll(): void {
    const bytes = Buffer.from(this.#needles.map(({ text }) => text).join(''), 'latin1');
    const counts = countsOf(bytes, this.#needles);
    let entry = 0;
    let start = 0;
    for (const [index, { text }] of this.#needles.entries()) {
      const window = rarestWindow(bytes, start, start + text.length, counts);
      this.#windows[index] = window - start;
      for (let at = window; at < window + stride; at++) this.#enter(entry++, gramIn(bytes, at));
      start += text.length;
    }
  }

  #enter(entry: number, key: number): void {
    const hash = hashOf(key);
    const head = headOf(hash, this.#heads.length - 1);
    this.#words[head >>> 1] = (this.#words[head >>> 1] as number) | bitsOf(hash);
    this.#entries[2 * entry] = key;
    this.#entries[2 * entry + 1] = this.#heads[head] as number;
    this.#heads[head] = entry;
  }

  /** Visits each needle wherever it stands in the text from `from` on, in no order. */
  find(text: string, from: number, visit: (needle: Needle, start: number) => void): void {
    const { view } = lowBytes(text);
    const words = this.#words;
    const mask = this.#heads.length - 1;
    const last = text.length - gram;
    const step = stride;
    for (let at = from; at <= last; at += step) {
      const key = view.getInt32(at, true);
      const hash = hashOf(key);
      const head = headOf(hash, mask);
      if (hasBits(words[head >>> 1] as number, hash)) this.#compare(text, from, at, key, head, visit);
    }
  }

  #compare(
    text: string,
    from: number,
    at: number,
    key: number,
    head: number,
    visit: (needle: Needle, start: number) => void,
  ): void {
    const entries = this.#entries;
    for (let entry = this.#heads[head] as number; entry >= 0; entry = entries[2 * entry + 1] as number) {
      if (entries[2 * entry] !== key) continue;
      const index = Math.trunc(entry / stride);
      const start = at - (entry % stride) - (this.#windows[index] as number);
      if (start < from) continue;
      const needle = this.#needles[index] as Needle;
      const end = needle.text.length - 1;
      // The last character first: needles that begin alike are most often told apart by it.
      if (text.charCodeAt(start + end) === needle.text.charCodeAt(end) && text.startsWith(needle.text, start))
        visit(needle, start);
    }
  }

  /** The first place from `from` on where the rest of the text is a beginning of a needle, and not all of it. */
  openAt(text: string, from: number): number {
    this.#prefixes ??= prefixesOf(this.#needles);
    for (let at = Math.max(from, text.length - this.longest + 1); at < text.length; at++) {
      const left = text.length - at;
      const rest = text.slice(at);
      if (left < gram) {
        if (this.#prefixes.short.has(rest)) return at;
        continue;
      }
      const found = this.#prefixes.long.get(gramAt(text, at));
      if (found?.some((needle) => needle.text.length > left && needle.text.startsWith(rest)) === true) return at;
    }
    return text.length;
  }

  get longest(): number {
    this.#longest ??= this.#needles.reduce((most, { text }) => Math.max(most, text.length), 0);
    return this.#longest;
  }
  #longest: number | undefined;
}

function countsOf(bytes: Uint8Array, needles: readonly Needle[]): Uint8Array {
  const counts = new Uint8Array(0x10000);
  let start = 0;
  for (const { text } of needles) {
    const last = start + text.length - gram;
    for (let at = start; at <= last; at += gram) {
      const slot = hashOf(gramIn(bytes, at)) >>> 16;
      const count = counts[slot] as number;
      if (count < 0xff) counts[slot] = count + 1;
    }
    start += text.length;
  }
  return counts;
}

/**
 * Where the window begins whose two halves are in the fewest needles. Every fourth window is looked at, and the last one: the grams
 * between the halves are about as rare.
 */
function rarestWindow(bytes: Uint8Array, start: number, end: number, counts: Uint8Array): number {
  const countAt = (at: number): number => counts[hashOf(gramIn(bytes, at)) >>> 16] as number;
  let best = start;
  let least = Number.POSITIVE_INFINITY;
  let before = countAt(start);
  for (let at = start; at <= end - width; at += gram) {
    const behind = countAt(at + gram);
    if (before + behind < least) {
      least = before + behind;
      best = at;
    }
    before = behind;
  }
  return countAt(end - width) + countAt(end - gram) < least ? end - width : best;
}

/** How needles begin: by their first four characters, and what their first one, two and three are. */
interface Prefixes {
  readonly long: ReadonlyMap<number, readonly Needle[]>;
  readonly short: ReadonlySet<string>;
}

function prefixesOf(needles: readonly Needle[]): Prefixes {
  const long = new Map<number, Needle[]>();
  const short = new Set<string>();
  for (const needle of needles) {
    const key = gramAt(needle.text, 0);
    const known = long.get(key);
    if (known === undefined) long.set(key, [needle]);
    else known.push(needle);
    for (let length = 1; length < gram; length++) short.add(needle.text.slice(0, length));
  }
  return { long, short };
}
