import type { KnownSearch } from './matcher.ts';
import { PatternSearch, type Unended } from './patterns-search.ts';
import { Fold } from './stream-fold.ts';
import type { OwnSearch } from './stream-own.ts';

/** So much of what is already written is kept for those that look to the left: a line break counts behind a run of base64 only. */
const context = 16;
/** What is kept back is looked at again when it has grown by this share, so that many small parts cost no more than a big one. */
const growth = 1 / 4;
const small = 256;
/** A long part is taken in several, which need less memory at a time. */
const most = 0x10000;

/** Masks known values and patterns in a text that comes in parts and went through `strip`. Where the parts end makes no difference. */
export class TextMask {
  readonly #known: KnownSearch | undefined;
  readonly #fold: Fold;
  #text = '';
  /** Up to here the text is written. */
  #done = 0;
  #looked = 0;
  #unended: readonly Unended[] = [];
  readonly #own: OwnSearch | undefined;
  /** How much of the text is forgotten. */
  #base = 0;

  /** `own`: an operator's patterns. */
  constructor(known: KnownSearch | undefined, onHit?: (source: string, count: number) => void, own?: OwnSearch) {
    this.#known = known;
    this.#fold = new Fold(onHit);
    this.#own = own;
  }

  push(part: string, final = false): string {
    let written = '';
    let at = 0;
    for (; part.length - at > most; at += most) written += this.#take(part.slice(at, at + most), false);
    return written + this.#take(at === 0 ? part : part.slice(at), final);
  }

  #take(part: string, final: boolean): string {
    this.#text += part;
    this.#own?.push(part, final);
    const kept = this.#looked - this.#done;
    if (!final && kept > small && this.#text.length - this.#looked < kept * growth) return '';
    return this.#advance(final);
  }

  #advance(final: boolean): string {
    const text = this.#text;
    const from = this.#done;
    const known = this.#known?.search(text, from, final);
    const patterns = new PatternSearch(text, from, final, this.#unended);
    const own = this.#own;
    const sure = Math.min(known?.sure ?? text.length, own === undefined ? text.length : own.sure - this.#base);
    const to = final ? text.length : patterns.partBefore(sure);
    const spans = known === undefined ? patterns.spans : [...known.spans, ...patterns.spans];
    if (own !== undefined) spans.push(...own.spansFrom(this.#base));
    const written = this.#fold.write(text, from, to, spans);
    own?.taken(this.#base + to);
    this.#unended = patterns.unendedAt(to);
    const forgotten = Math.max(0, to - context);
    this.#base += forgotten;
    this.#text = text.slice(forgotten);
    this.#done = to - forgotten;
    this.#looked = this.#text.length;
    this.#fold.shift(forgotten);
    return written;
  }
}

/** A whole text that went through `strip`. */
export const maskSeen = (
  text: string,
  known: KnownSearch | undefined,
  onHit?: (source: string, count: number) => void,
  own?: OwnSearch,
): string => new TextMask(known, onHit, own).push(text, true);
