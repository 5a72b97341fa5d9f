import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts';
import { stringifyOpened } from '../domain/masked.ts';

/** How to get what did not fit: the same for every tool that can answer much. */
const narrower =
  'ask for less: name one object, a namespace, a selector, "fields", a smaller limit or tail, or a "grep"';

/** The leading whole lines that fit into `bytes`; `left` says how much is missing and how to get it. */
export function fitText(text: string, bytes: number): { readonly kept: string; readonly left: string | undefined } {
  if (Buffer.byteLength(text) <= bytes) return { kept: text, left: undefined };
  const room = bytes - 300;
  const { head, lines } = headOf(text, room);
  const kilobytes = Math.ceil((Buffer.byteLength(text) - Buffer.byteLength(head)) / 1000);
  return { kept: head, left: `[cut here: ${lines} more lines, ${kilobytes} kB; to see them ${narrower}]` };
}

/** Whole lines up to `bytes`; of a first line that alone is longer, as many characters as fit. */
function headOf(text: string, most: number): { readonly head: string; readonly lines: number } {
  // Below nothing it would be counted from the end.
  const bytes = Math.max(0, most);
  const buffer = Buffer.from(text);
  const end = buffer.lastIndexOf(0x0a, bytes);
  const head = end > 0 ? buffer.toString('utf8', 0, end) : wholeCharacters(buffer, bytes);
  const rest = text.slice(head.length).replace(/^\n/, '');
  return { head, lines: rest.split('\n').length };
}

/** Never half a character at the cut. */
const wholeCharacters = (buffer: Buffer, bytes: number): string =>
  buffer.toString('utf8', 0, Math.max(0, bytes)).replace(/\uFFFD+$/, '');

/**
 * The same object with its largest member shortened (a list by elements, a text by lines, an object by its own largest member)
 * until it fits into `bytes`, as JSON text.
 */
export function fitJson(data: JsonObject, bytes: number): { readonly json: string; readonly left: string | undefined } {
  const json = stringifyOpened(data);
  if (Buffer.byteLength(json) <= bytes) return { json, left: undefined };
  const cuts: string[] = [];
  const kept = shrink(data, bytes - 500, '', cuts);
  return {
    json: JSON.stringify(isJsonObject(kept) ? kept : {}),
    left: `${cuts.join('; ')}; to see the rest ${narrower}`,
  };
}

const sizeOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));

function shrink(value: Json, bytes: number, path: string, cuts: string[]): Json {
  if (sizeOf(value) <= bytes) return value;
  if (typeof value === 'string') return shrinkText(value, bytes, path, cuts);
  if (Array.isArray(value)) return shrinkList(value, bytes, path, cuts);
  return isJsonObject(value) ? shrinkObject(value, bytes, path, cuts) : value;
}

function shrinkText(value: string, bytes: number, path: string, cuts: string[]): Json {
  // Escapes make JSON longer than the text, and more so here than there: shorten by what is measured until it fits.
  let room = Math.floor((bytes * Buffer.byteLength(value)) / sizeOf(value)) - 2;
  let cut = headOf(value, room);
  for (let size = sizeOf(cut.head); size > bytes && room > 0; size = sizeOf(cut.head)) {
    room = Math.floor((room * bytes) / size) - 2;
    cut = headOf(value, room);
  }
  cuts.push(`${path}: ${cut.lines} more lines`);
  return cut.head;
}

function shrinkList(list: readonly Json[], bytes: number, path: string, cuts: string[]): Json {
  const kept: Json[] = [];
  let used = 2;
  for (const element of list) {
    used += sizeOf(element) + 1;
    if (used > bytes) break;
    kept.push(element);
  }
  const first = list[0];
  if (kept.length === 0 && first !== undefined) kept.push(shrink(first, bytes - 2, `${path}[0]`, cuts));
  if (kept.length < list.length) cuts.push(`${path}: ${list.length - kept.length} more of ${list.length}`);
  return kept;
}

function shrinkObject(object: JsonObject, bytes: number, path: string, cuts: string[]): Json {
  let result: JsonObject = object;
  const members = Object.entries(object).sort((a, b) => sizeOf(b[1]) - sizeOf(a[1]));
  for (const [key, member] of members) {
    const excess = sizeOf(result) - bytes;
    if (excess <= 0) break;
    const room = Math.max(2, sizeOf(member) - excess);
    result = { ...result, [key]: shrink(member, room, path === '' ? key : `${path}.${key}`, cuts) };
  }
  return result;
}
