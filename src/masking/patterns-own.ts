import type { RE2JS } from 're2js';
import { patternLabels } from './patterns-table.ts';
import { opening, placeholder } from './placeholder.ts';
import type { Span } from './stream-fold.ts';

/** Of an operator's configuration. `pattern` is RE2 syntax; its whole match is masked as `[masked NAME]`. */
export interface OwnPattern {
  readonly name: string;
  readonly pattern: string;
}

const most = { patterns: 20, characters: 500, program: 1_000 };
const nameForm = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$/;

/**
 * A pattern sees one line, and of a long line one piece after the other: so many characters in which a match may begin, and so
 * many in which it may go on. So what it matches depends on the text alone and not on how it comes, in bounded memory.
 */
export const piece = { begins: 8_192, goesOn: 2_048 };

interface Compiled {
  readonly regex: RE2JS;
  readonly label: string;
}

/** An operator's own patterns, which take time linear in the text (RE2) and are bounded in size. */
export class OwnPatterns {
  readonly #patterns: readonly Compiled[];
  /** Whether any of them is in a piece is asked first, of all at once: mostly none is. */
  readonly #any: RE2JS;
  /** Placeholders that patterns make: what matches inside of one is none of the text's. */
  readonly #made: ReadonlySet<string>;

  constructor(patterns: readonly Compiled[], any: RE2JS) {
    this.#patterns = patterns;
    this.#any = any;
    this.#made = new Set([...patterns.map(({ label }) => label), ...patternLabels].map(placeholder));
  }

  /** What matches in a piece and begins in its first `begins` characters, with places from `offset` on. */
  find(text: string, begins: number, offset: number): readonly Span[] {
    if (!this.#any.test(text)) return [];
    const made = text.includes(opening) ? [...text.matchAll(/\[masked [^[\]\n]{1,300}\]/g)] : [];
    const walls = made.flatMap(({ index, 0: whole }) => (this.#made.has(whole) ? [[index, index + whole.length]] : []));
    return this.#patterns.flatMap(({ regex, label }) =>
      matchesOf(regex, text, begins)
        .filter(([start, end]) => !walls.some(([from = 0, to = 0]) => from < end && start < to))
        .map(([start, end]) => ({ start: start + offset, end: end + offset, label, known: false })),
    );
  }
}

function matchesOf(regex: RE2JS, text: string, begins: number): readonly (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  const matcher = regex.matcher(text);
  while (matcher.find() && matcher.start() < begins)
    if (matcher.end() > matcher.start()) found.push([matcher.start(), matcher.end()]);
  return found;
}

/** A fault of one of the patterns, in words that say what to change. */
export class PatternFault extends Error {
  readonly index: number;
  constructor(index: number, message: string) {
    super(message);
    this.index = index;
  }
}

/**
 * Undefined: there are none.
 * @throws PatternFault
 */
export async function compilePatterns(own: readonly OwnPattern[]): Promise<OwnPatterns | undefined> {
  if (own.length === 0) return undefined;
  if (own.length > most.patterns)
    throw new PatternFault(most.patterns, `there are ${own.length} patterns; at most ${most.patterns} are allowed`);
  const { RE2JS } = await import('re2js');
  const compiled = own.map((each, index) => ({ regex: compile(RE2JS, each, index), label: each.name }));
  const any = RE2JS.compile(own.map(({ pattern }) => `(?:${pattern})`).join('|'));
  return new OwnPatterns(compiled, any);
}

function compile(re2: typeof RE2JS, { name, pattern }: OwnPattern, index: number): RE2JS {
  const wrong = (what: string): PatternFault => new PatternFault(index, `pattern ${JSON.stringify(name)}: ${what}`);
  if (!nameForm.test(name))
    throw wrong(
      'a name has 1 to 60 letters, digits, spaces, dots, dashes or underscores: it is shown where something was masked',
    );
  if (pattern.length > most.characters)
    throw wrong(`${pattern.length} characters; at most ${most.characters} are allowed`);
  let regex: RE2JS;
  try {
    regex = re2.compile(pattern);
  } catch (thrown) {
    throw wrong(
      `${thrown instanceof Error ? thrown.message : String(thrown)} (RE2 syntax: no look-around, no back-references)`,
    );
  }
  const size = regex.programSize();
  if (size > most.program)
    throw wrong(`costs ${size} steps a character; at most ${most.program} are allowed: repeat less`);
  if (regex.matcher('').find())
    throw wrong('matches the empty text, so it would match everywhere: ask for at least one character');
  if (regex.test(ordinary)) throw wrong('matches our own placeholders and so ordinary words: ask for more');
  return regex;
}

/** What is masked says from where, in these words; a pattern that matched them would mask what is masked already. */
const ordinary = [
  'Secret team-db/password',
  'ConfigMap app/config',
  ...['env', 'argument', 'annotation', 'field', 'column', 'setting', 'value in a message'].map(
    (each) => `${each} name`,
  ),
  ...patternLabels,
]
  .map(placeholder)
  .join('\n');
