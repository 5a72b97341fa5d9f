/** A set of ASCII characters. */
export type CharacterSet = Uint8Array;

function characters(listed: string): CharacterSet {
  const set = new Uint8Array(0x80);
  for (const character of listed) set[character.charCodeAt(0)] = 1;
  return set;
}

const digits = '0123456789';
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const alphanumeric = digits + lower + upper;

export const sets = {
  upper: characters(upper + digits),
  hex: characters(`${digits}abcdef`),
  alphanumeric: characters(alphanumeric),
  word: characters(`${alphanumeric}_-`),
  dotted: characters(`${alphanumeric}_.-`),
  base64: characters(`${alphanumeric}+/=`),
  escaped: characters(`${alphanumeric}+/=%_-`),
  bearer: characters(`${alphanumeric}_.~+/=-`),
  slashed: characters(`${alphanumeric}/`),
  label: characters(`${upper}${digits} `),
};

const delimiter = /[\s"'`,;&|<>(){}\\]/g;

/** How what was found goes on where the text ended: for as long as such characters follow, or until a private key ends. */
export type GoesOn = CharacterSet | 'private key';

/** What was found where a pattern may begin. `end` is where it ends as far as the text goes. */
export interface Found {
  /** It may lie behind the place that was looked at. */
  readonly start: number;
  readonly end: number;
  readonly label: string;
  /** From here on what is left of it can be told without what stands before. */
  readonly body: number;
  readonly goesOn?: GoesOn | undefined;
}
/** `more`: the text ends before it can be said. */
export type Verdict = Found | 'no' | 'more';
/** Looks at one place and to the right of it, never to the left: what stands before a secret does not make it another one. */
export type Recognizer = (reader: Reader, at: number) => Verdict;

/** A text that is read from left to right; runs of characters are measured once, wherever they are entered. */
export class Reader {
  readonly text: string;
  readonly final: boolean;
  readonly #runs = new Map<CharacterSet, { start: number; end: number }>();
  #unquoted = { start: 0, end: -1 };
  readonly #next = new Map<string, { from: number; at: number }>();

  constructor(text: string, final: boolean) {
    this.text = text;
    this.final = final;
  }

  /** Whether the text ends here, and may go on. */
  isOpenAt(at: number): boolean {
    return !this.final && at >= this.text.length;
  }

  /** Where the run of these characters ends that goes on from `from`. */
  runEnd(set: CharacterSet, from: number): number {
    const run = this.#runs.get(set);
    if (run !== undefined && from >= run.start && from <= run.end) return run.end;
    let end = from;
    const { text } = this;
    while (end < text.length) {
      const code = text.charCodeAt(end);
      if (code >= 0x80 || set[code] === 0) break;
      end++;
    }
    this.#runs.set(set, { start: from, end });
    return end;
  }

  /** Where a value ends that begins here and is not quoted. */
  unquotedEnd(from: number): number {
    if (from >= this.#unquoted.start && from <= this.#unquoted.end) return this.#unquoted.end;
    delimiter.lastIndex = from;
    const end = delimiter.exec(this.text)?.index ?? this.text.length;
    this.#unquoted = { start: from, end };
    return end;
  }

  /** Where the literal stands next, from `from` on; -1 if nowhere. Asked from left to right, the text is read once. */
  next(literal: string, from: number): number {
    const before = this.#next.get(literal);
    if (before !== undefined && from >= before.from && (before.at < 0 || from <= before.at)) return before.at;
    const at = this.text.indexOf(literal, from);
    this.#next.set(literal, { from, at });
    return at;
  }

  /** `more`: the text ends within it. */
  has(literal: string, at: number): boolean | 'more' {
    if (this.text.startsWith(literal, at)) return true;
    const left = this.text.length - at;
    return !this.final && left < literal.length && left >= 0 && literal.startsWith(this.text.slice(at))
      ? 'more'
      : false;
  }
}
