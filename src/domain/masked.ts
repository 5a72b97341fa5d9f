import { stringify } from 'yaml';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { type Masked, open, seal } from './seal.ts';

export type { Masked } from './seal.ts';
export { open } from './seal.ts';

declare const plainText: unique symbol;
/** A string that cannot carry a secret by its place: an id, an enum, a name, a digest, a time. Made by `ident`. */
export type Ident = string & { readonly [plainText]: true };
export type Plain = Ident | number | boolean;

/**
 * An identifier as people see it: every character that is not printable ASCII becomes a visible `\u{…}`.
 * For names, kinds, verbs, ids, digests and times; never for values.
 */
export const ident = (text: string): Ident =>
  (/^[\x20-\x7e]*$/.test(text)
    ? text
    : text.replace(/[^\x20-\x7e]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)) as Ident;

const isPlain = (hole: unknown): hole is Plain =>
  typeof hole === 'string' || typeof hole === 'number' || typeof hole === 'boolean';

/** A sentence of our own words around masked and plain parts. */
export function say(words: TemplateStringsArray, ...holes: readonly (Masked<string> | Plain)[]): Masked<string> {
  let text = words[0] ?? '';
  let index = 0;
  for (const hole of holes) {
    index += 1;
    text += (isPlain(hole) ? String(hole) : open(hole)) + (words[index] ?? '');
  }
  return seal(text);
}

export type MaskedPart =
  | Masked<Json>
  | Masked<string>
  | Masked<JsonObject>
  | Plain
  | undefined
  | readonly MaskedPart[]
  | { readonly [key: string]: MaskedPart };

/** A masked object of masked and plain parts; members that are undefined are left out. */
export const compose = (parts: { readonly [key: string]: MaskedPart }): Masked<JsonObject> =>
  seal(unwrap(parts) as JsonObject);

function unwrap(part: MaskedPart): Json | undefined {
  if (part === undefined || isPlain(part)) return part;
  if (isList(part)) return part.map((each) => unwrap(each) ?? null);
  if (!isMembers(part)) return open<Json>(part);
  const kept: Record<string, Json> = {};
  for (const key of Object.keys(part)) {
    const value = unwrap(part[key]);
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}

const isList = (part: MaskedPart): part is readonly MaskedPart[] => Array.isArray(part);
const isMembers = (part: MaskedPart): part is { readonly [key: string]: MaskedPart } =>
  part !== undefined && Object.getPrototypeOf(part) === Object.prototype;

/** A masked value that is to be an object; anything else is an empty one. */
export function asObject(masked: Masked<Json>): Masked<JsonObject> {
  const value = open(masked);
  return seal(isJsonObject(value) ? value : {});
}

/** The members of both; those of the later one win. */
export const merge = (...parts: readonly Masked<JsonObject>[]): Masked<JsonObject> =>
  seal(Object.assign({}, ...parts.map(open)) as JsonObject);

export const join = (parts: readonly Masked<string>[], between: Masked<string>): Masked<string> =>
  seal(parts.map(open).join(open(between)));

/** The member at `path`, masked still; undefined where there is none. */
export function pick(masked: Masked<Json>, ...path: readonly (string | number)[]): Masked<Json> | undefined {
  let here: Json | undefined = open(masked);
  for (const key of path) {
    if (Array.isArray(here) && typeof key === 'number') here = here[key];
    else if (isJsonObject(here) && Object.hasOwn(here, String(key))) here = here[String(key)];
    else return undefined;
  }
  return here === undefined ? undefined : seal(here);
}

export const elements = (masked: Masked<Json>): readonly Masked<Json>[] => {
  const value = open(masked);
  return Array.isArray(value) ? value.map((each) => seal(each as Json)) : [];
};

/** A string or number leaf as text; anything else as compact JSON. */
export const asText = (masked: Masked<Json>): Masked<string> => {
  const value = open(masked);
  return seal(typeof value === 'string' ? value : JSON.stringify(value));
};

/** Texts of objects that are answered in both channels, so that each is made once. */
const texts = new WeakMap<object, string>();

export function jsonText(masked: Masked<Json>): Masked<string> {
  const value = open(masked);
  const text = JSON.stringify(value);
  if (typeof value === 'object' && value !== null) texts.set(value, text);
  return seal(text);
}

/** What `JSON.stringify` makes of an opened object, faster where `jsonText` has already made the text of what it holds. */
export function stringifyOpened(opened: JsonObject): string {
  let members = '';
  for (const key of Object.keys(opened)) {
    const value = opened[key];
    if (value !== undefined) members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${textOf(value)}`;
  }
  return `{${members}}`;
}

const textOf = (value: Json): string =>
  Array.isArray(value) ? `[${value.map(textOfOne).join(',')}]` : textOfOne(value);
const textOfOne = (value: Json): string =>
  (typeof value === 'object' && value !== null ? texts.get(value) : undefined) ?? JSON.stringify(value);

export const yamlText = (masked: Masked<Json>): Masked<string> => seal(stringify(open(masked), { lineWidth: 0 }));

/** Only the members that stand at one of the dotted paths (`spec.replicas`, `spec.template.spec.containers.image`). Lists are walked through. */
export const project = (masked: Masked<Json>, paths: readonly string[]): Masked<Json> =>
  seal(
    projectJson(
      open(masked),
      paths.map((path) => path.split('.')),
    ),
  );

function projectJson(value: Json, paths: readonly (readonly string[])[]): Json {
  if (paths.some((path) => path.length === 0)) return value;
  if (Array.isArray(value)) return value.map((each) => projectJson(each as Json, paths));
  if (!isJsonObject(value)) return {};
  const kept: Record<string, Json> = {};
  for (const key of new Set(paths.map((path) => path[0] as string))) {
    if (!Object.hasOwn(value, key)) continue;
    const deeper = paths.filter((path) => path[0] === key).map((path) => path.slice(1));
    kept[key] = projectJson(value[key] as Json, deeper);
  }
  return kept;
}

/** Bytes in UTF-8. */
export const byteLength = (masked: Masked<string>): number => Buffer.byteLength(open(masked));

/** The leading whole lines that fit into `bytes`, and how many bytes and lines were left out. */
export function cut(
  masked: Masked<string>,
  bytes: number,
): { head: Masked<string>; leftBytes: number; leftLines: number } {
  const text = open(masked);
  if (Buffer.byteLength(text) <= bytes) return { head: masked, leftBytes: 0, leftLines: 0 };
  const kept: string[] = [];
  let used = 0;
  const all = text.split('\n');
  for (const line of all) {
    used += Buffer.byteLength(line) + 1;
    if (used > bytes) break;
    kept.push(line);
  }
  const head = kept.join('\n');
  return {
    head: seal(head),
    leftBytes: Buffer.byteLength(text) - Buffer.byteLength(head),
    leftLines: all.length - kept.length,
  };
}

/** Whether the masked text has these characters: what is hidden is not found by them. */
export const includesText = (masked: Masked<string>, text: string): boolean => open(masked).includes(text);

/** Bytes that it takes inside of a JSON text. */
export const jsonBytes = (masked: Masked<string>): number => Buffer.byteLength(JSON.stringify(open(masked))) - 2;
