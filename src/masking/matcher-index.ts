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
const golden = 0x9e3779b1;

const gramAt = (text: string, at: number): number =>
  text.charCodeAt(at) ^
  (text.charCodeAt(at + 1) << 8) ^
  (text.charCodeAt(at + 2) << 16) ^
  (text.charCodeAt(at + 3) << 24);

/**
 * Finds thousands of needles in one pass. Of each needle the window of eight characters that is rarest among all needles is
 * entered by its five grams; of the text every fifth gram is looked up in a bitmap, and only what is in it is compared.
 */
export class NeedleIndex {
  readonly #needles: readonly Needle[];
  readonly #shift: number;
  readonly #bits: Uint8Array;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #grams: Int32Array;
  readonly #offsets: Int32Array;
  #prefixes: ReadonlyMap<number, readonly Needle[]> | undefined;

  constructor(needles: readonly Needle[]) {
    this.#needles = needles;
    const entries = needles.length * stride;
    const size = Math.min(24, Math.max(12, Math.ceil(Math.log2(entries * 16 + 1))));
    this.#shift = 32 - size;
    this.#bits = new Uint8Array(2 ** size / 8);
    this.#heads = new Int32Array(2 ** (size - 4)).fill(-1);
    this.#next = new Int32Array(entries);
    this.#grams = new Int32Array(entries);
    this.#offsets = new Int32Array(entries);
    const counts = countsOf(needles);
    let entry = 0;
    for (const { text } of needles) {
      const window = rarestWindow(text, counts);
      for (let offset = window; offset < window + stride; offset++) this.#enter(entry++, gramAt(text, offset), offset);
    }
  }

  #enter(entry: number, key: number, offset: number): void {
    const slot = Math.imul(key, golden) >>> this.#shift;
    this.#bits[slot >>> 3] = (this.#bits[slot >>> 3] as number) | (1 << (slot & 7));
    this.#grams[entry] = key;
    this.#offsets[entry] = offset;
    this.#next[entry] = this.#heads[slot >>> 4] as number;
    this.#heads[slot >>> 4] = entry;
  }

  /** Visits each needle wherever it stands in the text from `from` on, in no order. */
  find(text: string, from: number, visit: (needle: Needle, start: number) => void): void {
    const bits = this.#bits;
    const shift = this.#shift;
    const last = text.length - gram;
    for (let at = from; at <= last; at += stride) {
      const key = gramAt(text, at);
      const slot = Math.imul(key, golden) >>> shift;
      if (((bits[slot >>> 3] as number) & (1 << (slot & 7))) !== 0) this.#compare(text, from, at, key, slot, visit);
    }
  }

  #compare(
    text: string,
    from: number,
    at: number,
    key: number,
    slot: number,
    visit: (needle: Needle, start: number) => void,
  ): void {
    for (let entry = this.#heads[slot >>> 4] as number; entry >= 0; entry = this.#next[entry] as number) {
      if (this.#grams[entry] !== key) continue;
      const start = at - (this.#offsets[entry] as number);
      if (start < from) continue;
      const needle = this.#needles[Math.trunc(entry / stride)] as Needle;
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
      const found = this.#prefixes.get(left < gram ? headOf(text, at, left) : gramAt(text, at));
      if (found === undefined) continue;
      const rest = text.slice(at);
      if (found.some((needle) => needle.text.length > left && needle.text.startsWith(rest))) return at;
    }
    return text.length;
  }

  get longest(): number {
    this.#longest ??= this.#needles.reduce((most, { text }) => Math.max(most, text.length), 0);
    return this.#longest;
  }
  #longest: number | undefined;
}

function countsOf(needles: readonly Needle[]): Uint16Array {
  const counts = new Uint16Array(0x10000);
  for (const { text } of needles)
    for (let at = text.length - gram; at >= 0; at--) {
      const slot = Math.imul(gramAt(text, at), golden) >>> 16;
      const count = counts[slot] as number;
      if (count < 0xffff) counts[slot] = count + 1;
    }
  return counts;
}

/** Where the window begins whose grams are in the fewest needles. */
function rarestWindow(text: string, counts: Uint16Array): number {
  const last = text.length - gram;
  const ring = [0, 0, 0, 0, 0];
  let sum = 0;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at <= last; at++) {
    const count = counts[Math.imul(gramAt(text, at), golden) >>> 16] as number;
    const place = at % stride;
    sum += count - (ring[place] as number);
    ring[place] = count;
    if (at >= stride - 1 && sum < least) {
      least = sum;
      best = at - stride + 1;
    }
  }
  return best;
}

/** Of less than four characters; above every gram of four. */
const headOf = (text: string, at: number, length: number): number =>
  0x100000000 * length + (gramAt(`${text.slice(at, at + length)}\0\0\0`, 0) >>> 0);

/** Needles by their first four characters, and by their first one, two and three for the end of a text. */
function prefixesOf(needles: readonly Needle[]): ReadonlyMap<number, readonly Needle[]> {
  const prefixes = new Map<number, Needle[]>();
  const add = (key: number, needle: Needle): void => {
    const known = prefixes.get(key);
    if (known === undefined) prefixes.set(key, [needle]);
    else known.push(needle);
  };
  for (const needle of needles) {
    add(gramAt(needle.text, 0), needle);
    for (let length = 1; length < gram; length++) {
      const key = headOf(needle.text, 0, length);
      // One will do: what is so short is a beginning of each of them.
      if (!prefixes.has(key)) prefixes.set(key, [needle]);
    }
  }
  return prefixes;
}
