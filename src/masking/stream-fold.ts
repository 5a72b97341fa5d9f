import { placeholder } from './placeholder.ts';

/** A part of a text that is to be masked. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** What its placeholder names. */
  readonly label: string;
  /** A known value; otherwise a pattern. */
  readonly known: boolean;
}

/**
 * What begins first names what is masked as one: of known values the longest, and a known value before a pattern, of which it may
 * not be known yet how long it is.
 */
const order = (a: Span, b: Span): number =>
  a.start - b.start ||
  Number(b.known) - Number(a.known) ||
  (a.known ? b.end - a.end : 0) ||
  (a.label < b.label ? -1 : Number(a.label > b.label));

/**
 * Puts placeholders where spans are, one for all that overlap, and one for those of one source that touch. It takes a text in
 * parts; a span may go on in the next one.
 */
export class Fold {
  /** Up to here everything is masked, and by which label; where the last placeholder stands if that is behind. */
  #end = -1;
  #label = '';
  readonly #onHit: ((source: string, count: number) => void) | undefined;

  constructor(onHit?: (source: string, count: number) => void) {
    this.#onHit = onHit;
  }

  /** The text from `from` to `to`, masked. Spans that begin later are left for later. */
  write(text: string, from: number, to: number, spans: Span[]): string {
    let result = '';
    let done = Math.max(from, this.#end);
    for (const span of spans.sort(order)) {
      if (span.start >= to) break;
      const start = Math.max(span.start, from);
      // One that goes on from the part before begins there, and so belongs to what was masked there.
      const goesOn = span.start < this.#end || (span.start === this.#end && span.label === this.#label);
      if (span.known && (goesOn ? span.end > this.#end && span.label !== this.#label : true))
        this.#onHit?.(span.label, 1);
      if (goesOn) {
        this.#end = Math.max(this.#end, span.end);
      } else if (span.end > start) {
        if (start > done) result += text.slice(done, start);
        result += placeholder(span.label);
        this.#end = span.end;
        this.#label = span.label;
      }
      done = Math.max(done, this.#end);
    }
    return done < to ? result + text.slice(done, to) : result;
  }

  /** So many characters of the text are forgotten. */
  shift(count: number): void {
    this.#end -= count;
  }
}
