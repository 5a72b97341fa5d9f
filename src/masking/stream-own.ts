import { type OwnPatterns, piece } from './patterns-own.ts';
import type { Span } from './stream-fold.ts';

/**
 * Looks for an operator's patterns in a text that comes in parts. Places are counted from its beginning. Where a piece of a line
 * begins is told by the line alone, so where the parts end makes no difference.
 */
export class OwnSearch {
  readonly #patterns: OwnPatterns;
  /** The piece that is coming, and where it begins. */
  #coming = '';
  #at = 0;
  #spans: Span[] = [];

  constructor(patterns: OwnPatterns) {
    this.#patterns = patterns;
  }

  push(part: string, final: boolean): void {
    let from = 0;
    for (let end = part.indexOf('\n'); end >= 0; end = part.indexOf('\n', from)) {
      this.#add(part.slice(from, end));
      this.#endLine();
      this.#at += 1;
      from = end + 1;
    }
    this.#add(part.slice(from));
    if (final) this.#endLine();
  }

  /** What begins before it is all that begins there, whatever comes. */
  get sure(): number {
    return this.#at;
  }

  /** What was found, as places of a text that begins at `base`. */
  spansFrom(base: number): readonly Span[] {
    return this.#spans.map((span) => ({ ...span, start: span.start - base, end: span.end - base }));
  }

  /** Those that begin before it were taken. */
  taken(before: number): void {
    this.#spans = this.#spans.filter(({ start }) => start >= before);
  }

  #add(text: string): void {
    this.#coming += text;
    while (this.#coming.length >= piece.begins + piece.goesOn) {
      this.#look(this.#coming.slice(0, piece.begins + piece.goesOn), piece.begins);
      this.#coming = this.#coming.slice(piece.begins);
      this.#at += piece.begins;
    }
  }

  #endLine(): void {
    while (this.#coming !== '') {
      const begins = Math.min(piece.begins, this.#coming.length);
      this.#look(this.#coming, begins);
      this.#coming = this.#coming.slice(begins);
      this.#at += begins;
    }
  }

  #look(text: string, begins: number): void {
    this.#spans.push(...this.#patterns.find(text, begins, this.#at));
  }
}
