import type { KnownValue } from '../domain/masker.ts';
import { eachForm } from './encodings.ts';
import { isLookedFor } from './known.ts';
import { NeedleIndex } from './matcher-index.ts';
import { type Needle, NeedleList } from './matcher-list.ts';
import { patternLabels } from './patterns-table.ts';
import { placeholder } from './placeholder.ts';

/** What is looked for of a set of values. */
export interface KnownNeedles {
  /** In characters. */
  readonly shortest: number;
  readonly longest: number;
  /** The placeholders that this set and the patterns make. */
  readonly walls: ReadonlySet<string>;
  find(text: string, from: number, visit: (needle: Needle, start: number) => void): void;
  /** The first place from `from` on where the rest of the text is a beginning of a needle, and not all of it. */
  openAt(text: string, from: number): number;
}

/** In the index a needle has eight characters; values of eight bytes may have fewer. */
const indexed = 8;

/** The same value may stand in several places: the first one names it. */
export function needlesOf(values: readonly KnownValue[]): KnownNeedles {
  const named = new Set<string>();
  const long = new NeedleList();
  const short: Needle[] = [];
  for (const { value, source, bytes } of values) {
    if (!isLookedFor(value)) continue;
    // What is no text is told by its bytes.
    if (bytes === undefined) {
      if (named.has(value)) continue;
      named.add(value);
    }
    eachForm(value, bytes, (text, edge, wraps) => {
      if (text.length < indexed) short.push({ text, source, edge, wraps });
      else long.add(text, source, edge, wraps);
    });
  }
  const index = new NeedleIndex(long);
  const few = new ShortNeedles(short);
  const sources = new Set([...values.map(({ source }) => source), ...patternLabels]);
  return {
    shortest: Math.min(few.shortest, indexed),
    longest: Math.max(index.longest, few.longest),
    walls: new Set([...sources].map(placeholder)),
    find: (text, from, visit) => {
      index.find(text, from, visit);
      few.find(text, from, visit);
    },
    openAt: (text, from) => Math.min(index.openAt(text, from), few.openAt(text, from)),
  };
}

/** Values in scripts of several bytes a character: seldom any, and then few. */
class ShortNeedles {
  readonly #needles: ReadonlyMap<string, Needle>;
  readonly #pattern: RegExp;
  readonly shortest: number;
  readonly longest: number;

  constructor(needles: readonly Needle[]) {
    this.#needles = new Map(needles.map((needle) => [needle.text, needle]));
    const lengths = needles.map(({ text }) => text.length);
    this.shortest = Math.min(indexed, ...lengths);
    this.longest = Math.max(0, ...lengths);
    const alternatives = [...this.#needles.keys()].sort((a, b) => b.length - a.length).map(escapeLiteral);
    // A lookahead, so that those that overlap are all found.
    this.#pattern = new RegExp(`(?=(${alternatives.join('|')}))`, 'g');
  }

  find(text: string, from: number, visit: (needle: Needle, start: number) => void): void {
    if (this.longest === 0) return;
    this.#pattern.lastIndex = from;
    for (const { index, 1: form } of text.matchAll(this.#pattern)) {
      const needle = this.#needles.get(form ?? '');
      if (needle !== undefined && index >= from) visit(needle, index);
    }
  }

  openAt(text: string, from: number): number {
    for (let at = Math.max(from, text.length - this.longest + 1); at < text.length; at++) {
      const rest = text.slice(at);
      for (const form of this.#needles.keys()) if (form.length > rest.length && form.startsWith(rest)) return at;
    }
    return text.length;
  }
}

const escapeLiteral = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
