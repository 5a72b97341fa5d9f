import { isSensitiveVariable } from './names.ts';
import { placeholder } from './placeholder.ts';

/** Looked for before anything else, so that an ordinary string costs one pass. */
const hint = /:\/\/[^\s/]*@|-----BEGIN|eyJ[\w-]{8}|A(?:KI|SI)A[A-Z0-9]{12}/;

/** Texts up to this length are looked at character by character, which costs less than starting a regular expression. */
const short = 100;
const [at, dash, B, y, J, I, A] = [0x40, 0x2d, 0x42, 0x79, 0x4a, 0x49, 0x41];

/**
 * Whether a text surely holds nothing that `maskPatterns` or `strip` would change: most leaves of an object are short words.
 * False says nothing. It looks for one pair of characters, or one character, of everything in `hint`.
 */
export function surelyPlain(text: string): boolean {
  if (text.length > short) return false;
  let before = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7e || code < 0x20 || code === at) return false;
    if ((code === B && before === dash) || (code === J && before === y) || (code === A && before === I)) return false;
    before = code;
  }
  return true;
}

/** A block that is cut off is masked to its end: its head tells nothing, its body does. */
const privateKey =
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g;
/** Bounded: a long run of word characters is otherwise read to its end from each `eyJ` in it. */
const jwt = /\beyJ[\w-]{8,2000}\.eyJ[\w-]{2,}\.[\w-]*/g;
const awsKeyId = /\bA(?:KI|SI)A[A-Z0-9]{16}\b/g;
/** The password ends at the last `@` before the path, as URL parsers have it. */
const urlPassword = /([a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@"'<>]{0,200}:)([^\s/"'<>]{1,2000})(?=@)/gi;

/** Patterns that belong together, compiled and closed: nothing can be added to them. */
export interface PatternSet {
  /** What matches is replaced by placeholders that name the pattern. The text has been through `strip`. */
  mask(text: string): string;
}

/** Of an operator's configuration. `pattern` is RE2 syntax; its whole match is masked as `[masked NAME]`. */
export interface UserPattern {
  readonly name: string;
  readonly pattern: string;
}

/** Values that are secrets by their form, wherever they stand. */
export function maskPatterns(text: string): string {
  if (!hint.test(text)) return text;
  return text
    .replace(privateKey, placeholder('private key'))
    .replace(urlPassword, (all, head: string, password: string) =>
      /^\[masked [^[\]]*\]?$/.test(password) ? all : head + placeholder('password in a URL'),
    )
    .replace(jwt, placeholder('token'))
    .replace(awsKeyId, placeholder('AWS key id'));
}

const assignment =
  /((?:^|[\s;&|"'])(?:--?)?([A-Za-z][\w.-]{0,80})(?:=|\s*:\s+|\s+(?=[^-\s])))("[^"]*"|'[^']*'|\[masked [^[\]]*\]|[^\s;&|"']+)/g;

/** Arguments of programs: `--password=x`, `--password x`, `PASSWORD=x` inside of a shell's text too. */
export function maskArgument(text: string): string {
  let result = '';
  let done = 0;
  assignment.lastIndex = 0;
  for (let match = assignment.exec(text); match !== null; match = assignment.exec(text)) {
    const [, head = '', name = '', value = ''] = match;
    const start = match.index + head.length;
    if (isSecretArgument(head, name, value)) {
      result += text.slice(done, start) + placeholder(`argument ${name}`);
      done = start + value.length;
    } else {
      // What looked like a value may hold assignments itself: `sh -c "x --password y"`.
      assignment.lastIndex = Math.max(match.index + 1, start - 1);
    }
  }
  return done === 0 ? text : result + text.slice(done);
}

const isSecretArgument = (head: string, name: string, value: string): boolean =>
  (/^[\s;&|"']?-/.test(head) || head.endsWith('=')) && isSensitiveVariable(name) && !value.startsWith('[masked ');

/** A flag whose value is the next argument. */
export const awaitsValue = (argument: string): string | undefined => {
  const name = /^--?([A-Za-z][\w.-]{0,80})$/.exec(argument)?.[1];
  return name !== undefined && isSensitiveVariable(name) ? name : undefined;
};

/** The object before and after, which a Pod that may not be changed is refused with: its arguments too. */
const inDiff = /\n(?:@@ -\d|[ \t]*(?:core|v1|&?[a-z]+)\.\w+\{)[\s\S]*/;
/** What is not closed is masked to the end: then it is also read only once. */
const inGoStruct =
  /\b(Value|value|Data|StringData|data|stringData)("?:\s*)(?:"(?:[^"\\]|\\.)*(?:"|$)|\{[^}]*(?:\}|$)|map\[[^\]]*(?:\]|$))/g;
const invalidValue =
  /((?:Invalid|Unsupported|Duplicate) value: )("(?:[^"\\]|\\.)*(?:"|$)|\{(?:[\s\S]*\}|[\s\S]*)|[^:;,\s]+)/g;

/**
 * Errors of the API server quote what they refuse: the pod's env as a Go struct, an object as JSON, and for a Secret the value
 * itself. Names stay, so that the text still says what is wrong.
 */
export function maskQuoted(text: string, aboutSecret: boolean): string {
  const masked = placeholder('value in a message');
  const structs = text
    .replace(inDiff, `\n${masked}`)
    .replace(inGoStruct, (all, name: string, colon: string) =>
      all.includes(masked) ? all : `${name}${colon}"${masked}"`,
    );
  return structs.replace(invalidValue, (all, head: string, value: string) => {
    const long = value.length > 200 || value.startsWith('{') || /^"[{[]/.test(value);
    return (aboutSecret || long) && !value.includes('[masked ') ? `${head}"${masked}"` : all;
  });
}

/** Whether a message is about a Secret, as the API server begins such messages. */
export const isAboutSecret = (text: string): boolean =>
  /\bSecrets? (?:in version )?"|\bsecrets? "|Kind=Secret\b/.test(text);
