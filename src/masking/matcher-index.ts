import { lowBytes } from './matcher-bytes.ts';
import type { Needle, NeedleList } from './matcher-list.ts';

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
  readonly #needles: NeedleList;
  /** Words of 32 bits. Each gram sets two in one word, so that one that is of no needle seldom finds both. */
  readonly #words: Int32Array;
  /** Of each half of a word the grams that fall into it, the last one that was entered first. */
  readonly #heads: Int32Array;
  /** Two numbers an entry: the gram, and the next entry of its head. */
  readonly #entries: Int32Array;
  /** Where in its needle each window begins. */
  readonly #windows: Int32Array;
  #prefixes: Prefixes | undefined;

  /** `needles`: of at least eight characters each. */
  constructor(needles: NeedleList) {
    this.#needles = needles;
    const entries = needles.length * stride;
    const size = 2 ** Math.min(20, Math.max(8, Math.ceil(Math.log2(entries + 1))));
    this.#words = new Int32Array(size / 2);
    this.#heads = new Int32Array(size).fill(-1);
    this.#entries = new Int32Array(2 * entries);
    this.#windows = new Int32Array(needles.length);
    this.#enterAll();
  }

  #enterAll(): void {
    const needles = this.#needles;
    const { bytes } = needles;
    const counts = countsOf(needles);
    for (let index = 0, entry = 0; index < needles.length; index++) {
      const start = needles.startOf(index);
      const window = rarestWindow(bytes, start, needles.startOf(index + 1), counts);
      this.#windows[index] = window - start;
      for (let at = window; at < window + stride; at++) this.#enter(entry++, gramIn(bytes, at));
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
    const { bytes, view } = lowBytes(text);
    const words = this.#words;
    const mask = this.#heads.length - 1;
    const last = text.length - gram;
    const step = stride;
    for (let at = from; at <= last; at += step) {
      const key = view.getInt32(at, true);
      const hash = hashOf(key);
      const head = headOf(hash, mask);
      if (hasBits(words[head >>> 1] as number, hash)) this.#compare(text, bytes, from, at, key, head, visit);
    }
  }

  #compare(
    text: string,
    bytes: Uint8Array,
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
      const length = this.#needles.lengthOf(index);
      if (start + length <= text.length && this.#needles.begins(index, text, bytes, start, length))
        visit(this.#needles.at(index), start);
    }
  }

  /** The first place from `from` on where the rest of the text is a beginning of a needle, and not all of it. */
  openAt(text: string, from: number): number {
    this.#prefixes ??= prefixesOf(this.#needles);
    const { short, long } = this.#prefixes;
    const begin = Math.max(from, text.length - this.longest + 1);
    const tail = text.slice(begin);
    const { bytes } = lowBytes(tail);
    for (let at = 0; at < tail.length; at++) {
      const left = tail.length - at;
      if (
        left < gram ? short.has(shortKey(bytes, at, left)) : this.#isBegun(long.get(gramIn(bytes, at)), tail, bytes, at)
      )
        return begin + at;
    }
    return text.length;
  }

  #isBegun(indexes: readonly number[] | undefined, text: string, bytes: Uint8Array, at: number): boolean {
    const left = text.length - at;
    const needles = this.#needles;
    return (
      indexes?.some((index) => needles.lengthOf(index) > left && needles.begins(index, text, bytes, at, left)) === true
    );
  }

  get longest(): number {
    return this.#needles.longest;
  }
}

function countsOf(needles: NeedleList): Uint8Array {
  const counts = new Uint8Array(0x10000);
  const { bytes } = needles;
  for (let index = 0; index < needles.length; index++) {
    const last = needles.startOf(index + 1) - gram;
    for (let at = needles.startOf(index); at <= last; at += gram) {
      const slot = hashOf(gramIn(bytes, at)) >>> 16;
      const count = counts[slot] as number;
      if (count < 0xff) counts[slot] = count + 1;
    }
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

/** How needles begin, by low bytes: which ones have which first four, and what the first one, two and three may be. */
interface Prefixes {
  readonly long: ReadonlyMap<number, readonly number[]>;
  readonly short: ReadonlySet<number>;
}

const shortKey = (bytes: Uint8Array, at: number, length: number): number =>
  (gramIn(bytes, at) & (2 ** (8 * length) - 1)) | (length << 24);

function prefixesOf(needles: NeedleList): Prefixes {
  const long = new Map<number, number[]>();
  const short = new Set<number>();
  const { bytes } = needles;
  for (let index = 0; index < needles.length; index++) {
    const start = needles.startOf(index);
    const key = gramIn(bytes, start);
    const known = long.get(key);
    if (known === undefined) long.set(key, [index]);
    else known.push(index);
    for (let length = 1; length < gram; length++) short.add(shortKey(bytes, start, length));
  }
  return { long, short };
}
