import type { KnownValue } from '../../src/domain/masker.ts';
import { formsOf } from '../../src/masking/encodings.ts';
import { isLookedFor } from '../../src/masking/known.ts';
import { patternLabels } from '../../src/masking/patterns-table.ts';
import { tokenForms } from '../../src/masking/patterns-tokens.ts';
import { placeholder } from '../../src/masking/placeholder.ts';

/** The mask once more, over a whole text, by regular expressions and indexOf, with no thought of time: what the real one must equal. */

interface Mark {
  readonly start: number;
  readonly end: number;
  readonly label: string;
  readonly known: boolean;
}
interface Reading {
  readonly text: string;
  /** Of each character where it begins and ends in the text that is read. */
  readonly places: readonly (readonly [number, number])[];
}

const esc = '\u001b';
const fillers = '\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u3164\\uffa0\\ufe00-\\ufe0f';
const unseen = new RegExp(`(?![\\n\\t${esc}\u0007])[\\p{Cc}\\p{Cf}\\p{Cs}${fillers}]`, 'gu');
const sequences = new RegExp(
  `${esc}[\\]PX^_][^\u0007${esc}\n]*(?:\u0007|${esc}\\\\)?|${esc}\\[[ -?]*[@-~]?|${esc}[ -/]+[0-~]?|${esc}[0-~]?|\u0007`,
  'g',
);
export const naiveStrip = (text: string): string => text.replace(unseen, '').replace(sequences, '');

const asItIs = (text: string): Reading => ({ text, places: text.split('').map((_, at) => [at, at + 1]) });

/** The text with every match replaced. */
function reading(text: string, pattern: RegExp, by: (match: RegExpExecArray) => string): Reading {
  const places: [number, number][] = [];
  let read = '';
  let done = 0;
  const copy = (to: number): void => {
    for (; done < to; done++) {
      places.push([done, done + 1]);
      read += text.charAt(done);
    }
  };
  for (const match of text.matchAll(pattern)) {
    copy(match.index);
    done += match[0].length;
    const character = by(match as RegExpExecArray);
    read += character;
    if (character !== '') places.push([match.index, done]);
  }
  copy(text.length);
  return { text: read, places };
}

const run = '[A-Za-z0-9+/_-]';
const wraps = new RegExp(`(?<=${run}{10})[ \\t]{0,64}(?:\\n|(?:\\\\r)?\\\\n)[ \\t]{0,64}(?=${run})`, 'g');
const escapes = /\\{1,8}(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/g;

function* knownMarks(text: string, values: readonly KnownValue[]): Generator<Mark> {
  const wrapped = reading(text, wraps, () => '');
  const others = [
    asItIs(text),
    reading(text, /=\n/g, () => ''),
    reading(text, escapes, (match) => {
      const character = String.fromCharCode(Number.parseInt(match[1] ?? match[2] ?? '', 16));
      return /[\ud800-\udfff]/.test(character) ? character : naiveStrip(character);
    }),
  ];
  const seen = new Set<string>();
  for (const { value, source, bytes } of values) {
    if (!isLookedFor(value)) continue;
    for (const form of formsOf(value, bytes)) {
      if (seen.has(form.text)) continue;
      seen.add(form.text);
      for (const read of form.wraps ? [...others, wrapped] : others)
        for (let at = read.text.indexOf(form.text); at >= 0; at = read.text.indexOf(form.text, at + 1))
          yield {
            ...grown(read, at, at + form.text.length, form.edge, read === others[0] || read === wrapped),
            label: source,
            known: true,
          };
    }
  }
}

function grown(
  { text, places }: Reading,
  start: number,
  end: number,
  edge: number,
  padding: boolean,
): { start: number; end: number } {
  const before = new RegExp(`${run}{0,${edge}}$`).exec(text.slice(Math.max(0, start - 10), start))?.[0].length ?? 0;
  const after =
    new RegExp(`^${run}{0,${edge}}${padding ? '={0,2}' : ''}`).exec(text.slice(end, end + 10))?.[0].length ?? 0;
  const [first, last] = edge === 0 ? [start, end] : [start - before, end + after];
  return { start: places[first]![0], end: places[last - 1]![1] };
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
const assigned =
  /(password|passwd|passphrase|pwd|secret|token|api_key|api-key|apikey|access_key|access-key|accesskey|private_key|privatekey|encryption_key|signing_key|account_key|master_key|auth_key|secret_key|secretkey|credentials?)((?:[ \t"'\\]{0,7})[:=][ \t\\:=>]*?(?:(\\?)(["'])|(?=[^ \t"'\\:=>\n])))/giy;

function* patternMarks(text: string): Generator<Mark> {
  const all: (readonly [label: string, pattern: RegExp, ok: (match: RegExpExecArray) => boolean])[] = [
    ...tokenForms.flatMap(({ label, heads, body, least, needs, keepHead }) => {
      const set = [...body].flatMap((is, code) => (is === 1 ? [literal(String.fromCharCode(code))] : [])).join('');
      return heads.map((head) => {
        const pattern = new RegExp(`${literal(head)}(?<hidden>[${set}]{${least},})`, 'dy');
        const ok = (match: RegExpExecArray): boolean => needs?.((match.groups?.hidden ?? '').slice(0, 512)) ?? true;
        return [label, keepHead === true ? pattern : new RegExp(`(?<all>${pattern.source})`, 'dy'), ok] as const;
      });
    }),
    ['token', /(?<all>(?=[\w-]{11,4000}\.)eyJ[\w-]+\.[\w.-]{10,})/dy, () => true],
    [
      'private key',
      /(?<all>-----BEGIN (?=[A-Z0-9 ]*PRIVATE KEY)(?:[A-Z0-9 ]{0,60})-----(?:[\s\S](?!-----END ))*[\s\S]?(?:-----END [A-Z0-9 ]{0,60}(?:-----)?|$))/dy,
      ({ 0: all }) => /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(all.slice(0, 71)),
    ],
    ['password in a URL', /:\/\/[^\s/:@"'<>]{0,200}:(?<hidden>[^\s/"'<>]{1,1999})(?=@)/dy, () => true],
  ];
  for (let at = 0; at < text.length; at++) {
    for (const [label, pattern, ok] of all) {
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      const place = match?.indices?.groups?.all ?? match?.indices?.groups?.hidden;
      if (match !== null && place !== undefined && ok(match))
        yield { start: place[0], end: place[1], label, known: false };
    }
    const mark = assignedAt(text, at);
    if (mark !== undefined) yield mark;
  }
}

function assignedAt(text: string, at: number): Mark | undefined {
  assigned.lastIndex = at;
  const match = assigned.exec(text);
  if (match === null || (match[2] ?? '').replace(/["']$/, '').length > 8) return undefined;
  const start = at + match[0].length;
  const rest = text.slice(start, start + 4_000);
  const quoted = match[3] === '\\' ? `(?:(?!\\\\${match[4]})[^\n])*` : `(?:\\\\[\\s\\S]?|(?!${match[4]})[^\\\\\n])*`;
  const whole = new RegExp(`^${match[4] === undefined ? '[^\\s"\'`,;&|<>(){}\\\\]*' : quoted}`).exec(rest)?.[0] ?? '';
  // The blank that a placeholder's beginning ends with may be what ends the value.
  const mask = text.slice(start, start + whole.length + 1).indexOf('[masked ');
  const value = mask < 0 ? whole : whole.slice(0, mask);
  if (value === '' || /^(?:[/.$%<*{(]|https?:)/.test(value)) return undefined;
  const password = value.length >= 6 && /[0-9!@#$^&*?~+=|]/.test(value);
  const mixed = [/\d/, /[a-z]/, /[A-Z]/].every((each) => each.test(value)) && new Set(value).size >= 10;
  const key = value.length >= 16 && (/^[0-9a-f]{32}/.test(value) || mixed);
  if (!(/^(?:passw|passp|pwd)/i.test(match[1] ?? '') ? password : key)) return undefined;
  return { start, end: start + value.length, label: 'assigned secret', known: false };
}

export function naiveMask(seen: string, values: readonly KnownValue[]): string {
  const own = new Set([...values.map(({ source }) => source), ...patternLabels].map(placeholder));
  const walls = [...seen.matchAll(/\[masked [^\]]*\]/g)].flatMap(({ index, 0: frame }) => {
    const inner = frame.slice(frame.lastIndexOf('[masked '));
    return own.has(inner) ? [{ start: index + frame.length - inner.length, end: index + frame.length }] : [];
  });
  const known = [...knownMarks(seen, values)].filter(
    ({ start, end }) => !walls.some((wall) => wall.start < end && start < wall.end),
  );
  const marks = [...known, ...patternMarks(seen)].sort(
    (a, b) =>
      a.start - b.start ||
      Number(b.known) - Number(a.known) ||
      (a.known ? b.end - a.end : 0) ||
      (a.label < b.label ? -1 : 1),
  );
  const joined: { start: number; end: number; label: string }[] = [];
  for (const mark of marks) {
    const last = joined.at(-1);
    if (last !== undefined && (mark.start < last.end || (mark.start === last.end && mark.label === last.label)))
      last.end = Math.max(last.end, mark.end);
    else joined.push({ ...mark });
  }
  let shown = seen;
  for (const { start, end, label } of joined.reverse())
    shown = shown.slice(0, start) + placeholder(label) + shown.slice(end);
  return shown;
}
