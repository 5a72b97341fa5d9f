import type { KnownValue, MaskScope } from '../domain/masker.ts';
import { type KnownNeedles, needlesOf } from './matcher-needles.ts';
import { isEncoded, type View, viewsOf } from './matcher-views.ts';
import { type Walls, wallsIn } from './matcher-walls.ts';
import { Fold, type Span } from './stream-fold.ts';

type OnHit = MaskScope['onHit'];

/** What was found in a text that may go on. */
interface Search {
  readonly spans: Span[];
  /** What begins before it is all that begins there, whatever comes. */
  readonly sure: number;
}

export interface KnownSearch {
  /** What of the text from `from` on is known; unless it is `final` more may follow. */
  search(text: string, from: number, final: boolean): Search;
}

/** Looks for all values of a set at once, in all their forms. Made once a set and shared: it holds nothing of a call. */
interface KnownMatcher extends KnownSearch {
  /** Each known value replaced by a placeholder that names its source. The text has been through `strip`. */
  mask(text: string, onHit?: OnHit): string;
}

const matchers = new WeakMap<readonly KnownValue[], KnownMatcher>();

/** Made once an array of values. */
export function buildMatcher(values: readonly KnownValue[]): KnownMatcher {
  const made = matchers.get(values) ?? new Matcher(needlesOf(values));
  matchers.set(values, made);
  return made;
}

/** Undefined: the scope has no value that could be looked for. */
export const matcherOf = (scope: MaskScope | undefined): KnownMatcher | undefined =>
  scope === undefined || scope.values.length === 0 ? undefined : buildMatcher(scope.values);

/** Beside a form whose characters overlap its neighbours stand at most so many that hold bits of the value. */
const widestEdge = 4;
const widestPadding = 2;

class Matcher implements KnownMatcher {
  readonly #needles: KnownNeedles;

  constructor(needles: KnownNeedles) {
    this.#needles = needles;
  }

  mask(text: string, onHit?: OnHit): string {
    if (text.length < this.#needles.shortest) return text;
    const { spans } = this.search(text, 0, true);
    return spans.length === 0 ? text : new Fold(onHit).write(text, 0, text.length, spans);
  }

  search(text: string, from: number, final: boolean): Search {
    const spans: Span[] = [];
    let sure = this.#plain(text, from, final, spans);
    const { longest } = this.#needles;
    for (const view of viewsOf(text, from, longest)) sure = Math.min(sure, this.#inView(view, from, final, spans));
    // Where nothing was found, a placeholder matters only if it may have begun at the end.
    if (final && spans.length === 0) return { spans, sure };
    const walls = wallsIn(text, from, final, this.#needles.walls);
    return walls === undefined ? { spans, sure } : outside(walls, spans, sure);
  }

  #plain(text: string, from: number, final: boolean, spans: Span[]): number {
    let sure = final ? text.length : this.#needles.openAt(text, from);
    this.#needles.find(text, from, (needle, start) => {
      const end = start + needle.text.length;
      if (!final && needle.edge > 0 && end + needle.edge + widestPadding > text.length) sure = Math.min(sure, start);
      const [first, last] = withEdges(text, start, end, needle.edge);
      spans.push({ start: first, end: last, label: needle.source, known: true });
    });
    return final ? sure : Math.max(from, edgeBefore(text, sure, widestEdge));
  }

  #inView(view: View, from: number, final: boolean, spans: Span[]): number {
    const { text, wrapped } = view;
    const goesOn = view.open && !final;
    let sure = goesOn ? this.#needles.openAt(text, 0) : text.length;
    this.#needles.find(text, 0, (needle, start) => {
      if ((wrapped && !needle.wraps) || view.placeOf(start) < from) return;
      const end = start + needle.text.length;
      if (goesOn && end + needle.edge + widestPadding > text.length) sure = Math.min(sure, start);
      const [first, last] = withEdges(text, start, end, needle.edge, wrapped);
      spans.push({ start: view.placeOf(first), end: view.endOf(last - 1), label: needle.source, known: true });
    });
    if (!goesOn) return Number.POSITIVE_INFINITY;
    const first = edgeBefore(text, sure, widestEdge);
    return Math.max(from, first === text.length ? view.end : view.placeOf(first));
  }
}

function edgeBefore(text: string, at: number, most: number): number {
  let first = at;
  while (first > 0 && at - first < most && isEncoded(text.charCodeAt(first - 1))) first--;
  return first;
}

const equals = 0x3d;

/** In base64 the characters at the edges hold bits of the value too, and what fills up the last group its length. */
function withEdges(text: string, start: number, end: number, edge: number, padding = true): readonly [number, number] {
  if (edge === 0) return [start, end];
  let last = end;
  while (last < text.length && last - end < edge && isEncoded(text.charCodeAt(last))) last++;
  // Where `=` ends lines it is not told apart from what fills up; as the text stands it is.
  const padded = padding ? last + widestPadding : last;
  while (last < padded && text.charCodeAt(last) === equals) last++;
  return [edgeBefore(text, start, edge), last];
}

/** A value that is also a word of one of our placeholders (`password`) is not masked inside of it. */
function outside(walls: Walls, spans: readonly Span[], sure: number): Search {
  const kept = spans.filter((span) => !walls.meets(span.start, span.end));
  // Where a placeholder may have begun at the end, what reaches into it is not sure either.
  const least = kept.reduce((at, span) => (span.end > walls.open ? Math.min(at, span.start) : at), walls.open);
  return { spans: kept, sure: walls.beginOf(Math.min(sure, least)) };
}
