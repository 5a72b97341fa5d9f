import { lowBytes } from './matcher-bytes.ts';
import { type Found, type GoesOn, Reader } from './patterns-reader.ts';
import { privateKeyEnd } from './patterns-shapes.ts';
import {
  beginAny,
  endFirst,
  endSecond,
  gramLength,
  headBegunAt,
  pairs,
  recognizers,
  slotAt,
} from './patterns-table.ts';
import type { Span } from './stream-fold.ts';

/** A secret that had not ended where the text did. */
export interface Unended {
  readonly label: string;
  readonly goesOn: GoesOn;
}

/** What was found, with the place that was looked at: its head is not to be parted from its body. */
interface Place extends Found {
  readonly at: number;
}

export class PatternSearch {
  readonly spans: Span[] = [];
  /** What begins before it is all that begins there, whatever comes. */
  sure: number;
  readonly #places: Place[] = [];

  /** Of the text from `from` on, where `unended` goes on; unless it is `final` more may follow. */
  constructor(text: string, from: number, final: boolean, unended: readonly Unended[] = []) {
    const reader = new Reader(text, final);
    this.sure = final ? text.length : Math.max(from, headBegunAt(text));
    for (const each of unended) this.#goOn(reader, from, each);
    this.#scan(reader, from);
  }

  #goOn(reader: Reader, from: number, { label, goesOn }: Unended): void {
    const key = goesOn === 'private key' ? privateKeyEnd(reader, from) : undefined;
    const end = key?.end ?? reader.runEnd(goesOn as Exclude<GoesOn, string>, from);
    const open = key?.open ?? reader.isOpenAt(end);
    this.#take(from - 1, { start: from - 1, end, label, body: from - 1, ...(open ? { goesOn } : {}) });
  }

  /** From left to right, eight bytes at a time as long as all of them are of the text: few of them are of a head. */
  #scan(reader: Reader, from: number): void {
    const { bytes, view } = lowBytes(reader.text);
    const last = reader.text.length - 8;
    // The compiler knows what does not change within the loop of these only.
    const table = pairs;
    const begin = beginAny;
    const end = endFirst | endSecond;
    let seen = 0;
    let at = from;
    for (; at <= last; at += 8) {
      const four = view.getInt32(at, true);
      const next = view.getInt32(at + 4, true);
      const first = ((seen << 1) | begin) & (table[four & 0xffff] as number);
      const second = ((first << 1) | begin) & (table[four >>> 16] as number);
      const third = ((second << 1) | begin) & (table[next & 0xffff] as number);
      seen = ((third << 1) | begin) & (table[next >>> 16] as number);
      if (((first | second | third | seen) & end) === 0) continue;
      this.#askEnded(reader, bytes, at, first);
      this.#askEnded(reader, bytes, at + 2, second);
      this.#askEnded(reader, bytes, at + 4, third);
      this.#askEnded(reader, bytes, at + 6, seen);
    }
    // Of the last ones that were looked at, some may be the first ones of a head.
    for (at = Math.max(from, at - 4); at <= reader.text.length - gramLength; at++)
      this.#ask(reader, slotAt(bytes, at), at);
  }

  #askEnded(reader: Reader, bytes: Uint8Array, at: number, seen: number): void {
    if ((seen & endFirst) !== 0) this.#ask(reader, slotAt(bytes, at - 4), at - 4);
    if ((seen & endSecond) !== 0) this.#ask(reader, slotAt(bytes, at - 3), at - 3);
  }

  #ask(reader: Reader, slot: number, at: number): void {
    if (slot === 0) return;
    for (const recognize of recognizers[slot] ?? []) {
      const verdict = recognize(reader, at);
      if (verdict === 'more') this.sure = Math.min(this.sure, at);
      else if (verdict !== 'no') this.#take(at, verdict);
    }
  }

  #take(at: number, found: Found): void {
    const { start, end, label, goesOn } = found;
    const before = this.#places.at(-1);
    // Inside of the one before: a run that is entered at each of its characters is one.
    if (before !== undefined && before.label === label && before.start <= start && end <= before.end) return;
    this.#places.push({ ...found, at });
    // A key's end may have begun: from there on it is not sure yet, and looked at again.
    if (goesOn === 'private key') this.sure = Math.min(this.sure, end);
    this.spans.push({ start, end, label, known: false });
  }

  /** The last place up to `limit` where the text can be parted. */
  partBefore(limit: number): number {
    let place = Math.min(limit, this.sure);
    for (let index = this.#places.length - 1; index >= 0; index--) {
      const { at, start, body } = this.#places[index] as Place;
      if (at < place && (place < body || place <= start)) place = at;
    }
    return place;
  }

  /** What goes on behind `place`, where the text is parted. */
  unendedAt(place: number): readonly Unended[] {
    const open = this.#places.filter(({ at, goesOn }) => goesOn !== undefined && at < place);
    return [...new Map(open.map(({ label, goesOn }) => [goesOn, { label, goesOn: goesOn as GoesOn }])).values()];
  }
}
