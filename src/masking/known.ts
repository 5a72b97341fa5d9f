import type { KnownValue, MaskScope } from '../domain/masker.ts';
import { base64Forms, placeholder } from './placeholder.ts';
import { strip } from './strip.ts';

/** Shorter values are in too many words; they are masked by structure only. */
export const minBytes = 8;
const minLine = 16;
const base64Character = /[A-Za-z0-9+/_=-]/;

interface Needle {
  readonly source: string;
  /** In base64 the characters at the edges hold bits of the value too: the whole run is masked. */
  readonly base64: boolean;
}

/** Replaces each known value in a text, in all its forms, by a placeholder that names its source. */
export type KnownMatcher = (text: string) => string;

const matchers = new WeakMap<MaskScope, KnownMatcher>();

/** Made once a scope. Undefined: the scope has no value that could be looked for. */
export function matcherOf(scope: MaskScope | undefined): KnownMatcher | undefined {
  if (scope === undefined || scope.values.length === 0) return undefined;
  const known = matchers.get(scope);
  if (known !== undefined) return known;
  const made = createMatcher(scope.values);
  matchers.set(scope, made);
  return made;
}

function createMatcher(values: readonly KnownValue[]): KnownMatcher {
  const needles = new Map<string, Needle>();
  for (const { value, source } of values)
    for (const [form, base64] of formsOf(value)) if (!needles.has(form)) needles.set(form, { source, base64 });
  if (needles.size === 0) return (text) => text;
  const alternatives = [...needles.keys()].sort((a, b) => b.length - a.length).map(escapeLiteral);
  // A lookahead, so that values that overlap are all found.
  const pattern = new RegExp(`(?=(${alternatives.join('|')}))`, 'g');
  const own = new RegExp([...new Set(values.map(({ source }) => escapeLiteral(placeholder(source))))].join('|'), 'g');
  return (text) => replaceSpans(text, spansIn(text, pattern, needles), ownSpans(text, own));
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
  return spans.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** Our own placeholders of this scope: a value that is also a word of one (`password`) is not masked inside of it. */
const ownSpans = (text: string, own: RegExp): readonly { start: number; end: number }[] =>
  [...text.matchAll(own)].map((match) => ({ start: match.index, end: match.index + match[0].length }));

function replaceSpans(text: string, spans: readonly Span[], own: readonly { start: number; end: number }[]): string {
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
  }
  if (last === undefined) return text;
  return result + text.slice(done, last.start) + placeholder(last.source) + text.slice(last.end);
}
