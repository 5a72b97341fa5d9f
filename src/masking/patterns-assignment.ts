import type { Reader, Recognizer, Verdict } from './patterns-reader.ts';
import { opening } from './placeholder.ts';

/** Names that are followed by a secret. Those of passwords say more: people choose those, so anything that is no word is one. */
const passwords = ['password', 'passwd', 'passphrase', 'pwd'];
const keys = [
  ...['secret', 'token', 'api_key', 'api-key', 'apikey', 'access_key', 'access-key', 'accesskey', 'private_key'],
  ...[
    'privatekey',
    'encryption_key',
    'signing_key',
    'account_key',
    'master_key',
    'auth_key',
    'secret_key',
    'secretkey',
  ],
  ...['credential', 'credentials'],
];
export const assignmentHeads: readonly string[] = [...passwords, ...keys];

const longestGap = 8;
const longestValue = 4_000;
const fewest = { password: 6, key: 16 };
const separators = new Set([':', '=']);
/** Not a value but where one comes from, or what stands for one. */
const notAValue = /^(?:[/.$%<*{(]|https?:|\[masked )/;

/** `password=…`, `token: …`, `"apiKey":"…"`, in a text that is a string itself too. */
export const assignmentAt =
  (head: string): Recognizer =>
  (reader, at): Verdict => {
    const { text } = reader;
    const name = text.slice(at, at + head.length).toLowerCase();
    if (name !== head) return !reader.final && name.length < head.length && head.startsWith(name) ? 'more' : 'no';
    const gap = readGap(reader, at + head.length);
    if (typeof gap === 'string') return gap;
    return valueAt(reader, gap, passwords.includes(head));
  };

interface Gap {
  /** Where the value begins. */
  readonly start: number;
  /** As it stands there, with a backslash in a text that is a string itself; undefined: the value is not quoted. */
  readonly quote: string | undefined;
}

/** From the name to the value: a closing quote, blanks, one separator, blanks, an opening quote. */
function readGap(reader: Reader, from: number): Gap | 'no' | 'more' {
  const { text } = reader;
  let separated = false;
  for (let at = from; at <= from + longestGap; at++) {
    if (reader.isOpenAt(at)) return 'more';
    const character = text.charAt(at);
    if (character === '"' || character === "'") {
      if (separated) return { start: at + 1, quote: text.charAt(at - 1) === '\\' ? `\\${character}` : character };
    } else if (separators.has(character) || (separated && character === '>')) {
      // `:=`, `==` and `=>` are one separator.
      separated = true;
    } else if (character !== ' ' && character !== '\t' && character !== '\\') {
      return separated && character !== '' && character !== '\n' ? { start: at, quote: undefined } : 'no';
    }
  }
  return 'no';
}

function valueAt(reader: Reader, { start, quote }: Gap, password: boolean): Verdict {
  const { text } = reader;
  const most = Math.min(text.length, start + longestValue);
  let end = quote === undefined ? reader.unquotedEnd(start) : start;
  while (quote !== undefined && end < most && !endsValue(text, end, quote))
    end += quote.length === 1 && text.charAt(end) === '\\' ? 2 : 1;
  end = Math.min(end, most);
  if (end === text.length && reader.isOpenAt(end)) return 'more';
  const mask = reader.next(opening, start);
  // The blank that it ends with may be what ends the value.
  const own = text.slice(start, mask >= 0 && mask + opening.length <= end + 1 ? mask : end);
  if (mask === start || notAValue.test(own) || !(password ? isPassword(own) : isKey(own))) return 'no';
  return { start, end: start + own.length, label: 'assigned secret', body: start };
}

const endsValue = (text: string, at: number, quote: string): boolean =>
  text.startsWith(quote, at) || text.charAt(at) === '\n';

/** Each of these stays true when more follows: what is a part of a secret is not less of one. */
const isPassword = (value: string): boolean => value.length >= fewest.password && /[0-9!@#$^&*?~+=|]/.test(value);
const isKey = (value: string): boolean =>
  value.length >= fewest.key &&
  (/^[0-9a-f]{32}/.test(value) || (/\d/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value) && isVaried(value)));
const isVaried = (value: string): boolean => new Set(value).size >= 10;
