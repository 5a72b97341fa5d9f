import type { KnownValue } from '../domain/masker.ts';
import { base64Forms, placeholder } from './placeholder.ts';
import { strip } from './strip.ts';

/** Shorter values are in too many words; they are masked by structure only. */
export const minBytes = 8;
const minLine = 16;

type OnHit = (source: string, count: number) => void;
const base64Character = /[A-Za-z0-9+/_=-]/;

interface Needle {
  readonly source: string;
  /** In base64 the characters at the edges hold bits of the value too: the whole run is masked. */
  readonly base64: boolean;
}

/** Replaces each known value in a text, in all its forms, by a placeholder that names its source. */
export function createKnown(values: readonly KnownValue[]): (text: string, onHit?: OnHit) => string {
  const needles = new Map<string, Needle>();
  for (const { value, source } of values)
    for (const [form, base64] of formsOf(value)) if (!needles.has(form)) needles.set(form, { source, base64 });
  if (needles.size === 0) return (text) => text;
  const alternatives = [...needles.keys()].sort((a, b) => b.length - a.length).map(escapeLiteral);
  // A lookahead, so that values that overlap are all found.
  const pattern = new RegExp(`(?=(${alternatives.join('|')}))`, 'g');
  const own = new RegExp([...new Set(values.map(({ source }) => escapeLiteral(placeholder(source))))].join('|'), 'g');
  return (text, onHit) => {
    const spans = [...spansIn(text, pattern, needles), ...wrappedSpans(text, pattern, needles)];
    return replaceSpans(
      text,
      spans.sort((a, b) => a.start - b.start || b.end - a.end),
      ownSpans(text, own),
      onHit,
    );
  };
}

function* formsOf(value: string): Generator<readonly [form: string, base64: boolean]> {
  const seen = strip(value).trim();
  for (const raw of new Set([strip(value), seen, ...seen.split('\n').map((line) => line.trim())])) {
    const bytes = Buffer.byteLength(raw);
    if (bytes < minBytes || (raw !== seen && raw !== strip(value) && bytes < minLine)) continue;
    yield [raw, false];
    yield [JSON.stringify(raw).slice(1, -1), false];
    yield [encodeURIComponent(raw), false];
    yield [encodeURIComponent(raw).replaceAll('%20', '+'), false];
  }
  for (const raw of new Set([value, seen])) {
    if (Buffer.byteLength(raw) < minBytes) continue;
    for (const form of base64Forms(raw)) {
      yield [form, true];
      yield [form.replaceAll('+', '-').replaceAll('/', '_'), true];
    }
  }
}

const escapeLiteral = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

interface Span {
  readonly start: number;
  readonly end: number;
  readonly source: string;
}

function spansIn(text: string, pattern: RegExp, needles: ReadonlyMap<string, Needle>): readonly Span[] {
  const spans: Span[] = [];
  for (const { index, 1: form } of text.matchAll(pattern)) {
    const needle = form === undefined ? undefined : needles.get(form);
    if (needle === undefined || form === undefined) continue;
    let start = index;
    let end = index + form.length;
    if (needle.base64) {
      const before = spans.at(-1);
      // Inside of a run that is masked already.
      if (before !== undefined && end <= before.end) continue;
      while (start > 0 && base64Character.test(text.charAt(start - 1))) start--;
      while (end < text.length && base64Character.test(text.charAt(end))) end++;
    }
    spans.push({ start, end, source: needle.source });
  }
  return spans;
}

const wrapped = /(?<=[A-Za-z0-9+/_-])\r?\n(?=[A-Za-z0-9+/_-])/g;

/** `base64` breaks its lines after 76 characters, `openssl` after 64: what goes over a break is found in the text without them. */
function wrappedSpans(text: string, pattern: RegExp, needles: ReadonlyMap<string, Needle>): readonly Span[] {
  const breaks = [...text.matchAll(wrapped)].map((match) => ({ at: match.index, length: match[0].length }));
  if (breaks.length === 0) return [];
  const places = new Uint32Array(text.length);
  let length = 0;
  let next = 0;
  for (let place = 0; place < text.length; place++) {
    const here = breaks[next];
    if (here !== undefined && place >= here.at) {
      if (place === here.at + here.length - 1) next++;
      continue;
    }
    places[length++] = place;
  }
  const placeOf = (index: number): number => places[Math.min(index, length - 1)] ?? 0;
  const spans: Span[] = [];
  for (const { index, 1: form } of text.replace(wrapped, '').matchAll(pattern)) {
    const needle = form === undefined ? undefined : needles.get(form);
    if (needle?.base64 !== true || form === undefined) continue;
    // The characters beside it, two at most, hold bits of the value too; the whole run may be lines of plain words here.
    let start = placeOf(index);
    let end = placeOf(index + form.length - 1) + 1;
    for (let more = 2; more > 0 && start > 0 && base64Character.test(text.charAt(start - 1)); more--) start--;
    for (let more = 2; more > 0 && end < text.length && base64Character.test(text.charAt(end)); more--) end++;
    spans.push({ start, end, source: needle.source });
  }
  return spans;
}

/** Our own placeholders of this scope: a value that is also a word of one (`password`) is not masked inside of it. */
const ownSpans = (text: string, own: RegExp): readonly { start: number; end: number }[] =>
  [...text.matchAll(own)].map((match) => ({ start: match.index, end: match.index + match[0].length }));

function replaceSpans(
  text: string,
  spans: readonly Span[],
  own: readonly { start: number; end: number }[],
  onHit?: OnHit,
): string {
  let result = '';
  let done = 0;
  let last: Span | undefined;
  for (const span of spans) {
    if (own.some(({ start, end }) => start <= span.start && span.end <= end)) continue;
    if (last !== undefined && span.start < last.end) {
      if (span.end > last.end) last = { ...last, end: span.end };
      continue;
    }
    if (last !== undefined) {
      result += text.slice(done, last.start) + placeholder(last.source);
      done = last.end;
    }
    last = span;
    onHit?.(span.source, 1);
  }
  if (last === undefined) return text;
  return result + text.slice(done, last.start) + placeholder(last.source) + text.slice(last.end);
}
