import { hash } from 'node:crypto';
import { jsonMember, lineEnd, lineStart } from '../domain/hash-chain.ts';
import { type Line, membersOf, type Place } from './chain-lines.ts';
import { mostEscaped, putVisible } from './visible-bytes.ts';

/** A line whose long text stands apart, in memory that another thread can be given without a copy. */
export interface PackedLine extends Line {
  /** Where that text ends; it begins where that of the line before ended. */
  readonly packed?: { readonly key: string; readonly end: number };
}

const mostUtf8 = 3;

/** Bytes that `pack` may need for so many characters. */
export const roomFor = (characters: number): number => characters * mostUtf8;

/** Puts the long texts of these lines into `memory`, one after the other. */
export function pack(lines: readonly Line[], memory: Buffer): readonly PackedLine[] {
  let end = 0;
  return lines.map((line) => {
    const { type, time, fields, text } = line;
    // UTF-8 has no lone surrogates: a text with one goes as it is.
    if (text === undefined || !text[1].isWellFormed()) return line;
    end += memory.write(text[1], end);
    return { type, time, fields, packed: { key: text[0], end } };
  });
}

/** Makes lines into bytes, in memory of its own that it uses again. */
export class LineBytes {
  #bytes = Buffer.alloc(0);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** The lines that were packed into `memory`, behind `from`, and where the chain stands then. The bytes are good until the next call. */
  chained(lines: readonly PackedLine[], memory: ArrayBuffer, from: Place): { bytes: Buffer; place: Place } {
    const texts = new DataView(memory);
    let { seq, time, prev } = from;
    let start = 0;
    this.#length = 0;
    for (const { type, time: at, fields, text, packed } of lines) {
      seq += 1;
      time = Math.max(time, at);
      const begun = this.#length;
      this.#put(lineStart({ seq, time, type }) + membersOf(fields, text));
      if (packed !== undefined) {
        // Up to its first quote.
        this.#put(jsonMember(packed.key, '').slice(0, -1));
        this.#putVisible(texts, start, packed.end);
        this.#put('"');
        start = packed.end;
      }
      this.#put(lineEnd(prev));
      prev = hash('sha256', this.#bytes.subarray(begun, this.#length), 'hex');
      this.#put('\n');
    }
    return { bytes: this.#bytes.subarray(0, this.#length), place: { seq, time, prev } };
  }

  #put(text: string): void {
    this.#makeRoom(text.length * mostUtf8);
    this.#length += this.#bytes.write(text, this.#length);
  }

  #putVisible(texts: DataView, start: number, end: number): void {
    this.#makeRoom((end - start) * mostEscaped);
    this.#length = putVisible(texts, start, end, this.#view, this.#length);
  }

  #makeRoom(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const larger = Buffer.from(new ArrayBuffer(Math.max(2 * this.#bytes.length, this.#length + size)));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
