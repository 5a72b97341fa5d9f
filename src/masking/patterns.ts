import { isSensitiveVariable } from './names.ts';
import type { OwnPatterns } from './patterns-own.ts';
import { surelyHoldsNone } from './patterns-table.ts';
import { placeholder } from './placeholder.ts';
import { OwnSearch } from './stream-own.ts';
import { maskSeen } from './stream-text.ts';

/** Texts up to this length are looked at character by character, which costs less than starting a regular expression. */
const short = 100;

/**
 * Whether a text surely holds nothing that `maskPatterns` or `strip` would change: most leaves of an object are short words.
 * False says nothing.
 */
export const surelyPlain = (text: string): boolean => text.length <= short && surelyHoldsNone(text);

/** Values that are secrets by their form, wherever they stand. */
export const maskPatterns = (text: string, own?: OwnPatterns): string =>
  own === undefined && surelyHoldsNone(text)
    ? text
    : maskSeen(text, undefined, undefined, own === undefined ? undefined : new OwnSearch(own));

const assignment =
  /((?:^|[\s;&|"'])(?:--?)?([A-Za-z][\w.-]{0,80})(?:=|\s*:\s+|\s+(?=[^-\s])))("[^"]*"|'[^']*'|\[masked [^[\]]*\]|[^\s;&|"']+)/g;

const mayAssign = /[=:\s]/;

/** Arguments of programs: `--password=x`, `--password x`, `PASSWORD=x` inside of a shell's text too. */
export function maskArgument(text: string): string {
  if (!mayAssign.test(text)) return text;
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
  if (!argument.startsWith('-')) return undefined;
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
