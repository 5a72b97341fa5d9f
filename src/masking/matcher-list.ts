/** Something to be looked for. */
export interface Needle {
  readonly text: string;
  readonly source: string;
  /** Up to so many characters beside it hold bits of the value too. */
  readonly edge: number;
  /** Of an alphabet that programs break into lines. */
  readonly wraps: boolean;
}

const wide = /[^\0-\xff]/;

/** Needles in columns: as objects, each with its string, tens of thousands cost more to keep than to look for. */
export class NeedleList {
  /** The low bytes of the characters of all needles, one after the other. */
  bytes = Buffer.allocUnsafeSlow(0x1000);
  /** Where each begins in them, and where the last one ends. */
  readonly #starts: number[] = [0];
  readonly #sources: string[] = [];
  readonly #edges: number[] = [];
  /** Those whose characters are more than their bytes. */
  readonly #wide = new Map<number, string>();
  /** Characters of the longest one. */
  longest = 0;

  get length(): number {
    return this.#sources.length;
  }

  add(text: string, source: string, edge: number, wraps: boolean): void {
    const start = this.startOf(this.length);
    const end = start + text.length;
    if (this.bytes.length < end) this.#grow(end);
    this.bytes.write(text, start, 'latin1');
    // What wraps is ASCII.
    if (!wraps && wide.test(text)) this.#wide.set(this.length, text);
    this.longest = Math.max(this.longest, text.length);
    this.#starts.push(end);
    this.#sources.push(source);
    this.#edges.push(wraps ? ~edge : edge);
  }

  #grow(least: number): void {
    const before = this.bytes;
    this.bytes = Buffer.allocUnsafeSlow(2 * least);
    this.bytes.set(before);
  }

  /** Also of the one behind the last. */
  startOf(index: number): number {
    return this.#starts[index] as number;
  }

  lengthOf(index: number): number {
    return this.startOf(index + 1) - this.startOf(index);
  }

  at(index: number): Needle {
    const edge = this.#edges[index] as number;
    const source = this.#sources[index] as string;
    return { text: this.#textOf(index), source, edge: edge < 0 ? ~edge : edge, wraps: edge < 0 };
  }

  /** Whether its first `length` characters stand there in the text, of which these are the low bytes. */
  begins(index: number, text: string, bytes: Uint8Array, at: number, length: number): boolean {
    const start = this.startOf(index);
    // From the end: needles that begin alike are most often told apart by it.
    for (let place = length - 1; place >= 0; place--) if (this.bytes[start + place] !== bytes[at + place]) return false;
    return this.#textOf(index).slice(0, length) === text.slice(at, at + length);
  }

  #textOf(index: number): string {
    return this.#wide.get(index) ?? this.bytes.toString('latin1', this.startOf(index), this.startOf(index + 1));
  }
}
