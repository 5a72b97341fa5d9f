import type { AuditEvent, AuditValue } from '../domain/audit-event.ts';
import { jsonMember, lineDigest, visibleJson } from '../domain/hash-chain.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import { open } from '../domain/masked.ts';

/** Bytes of a line, newline included. */
const maxLineBytes = 64 * 1024;
/** `seq`, `time`, `type` and `prev` need less than this. */
const frameBytes = 512;
const reserved = new Set(['seq', 'time', 'type', 'invocation', 'prev']);

/**
 * What of a line the event decides, as JSON members. The log is a sink: it opens what the mask sealed.
 * @throws TypeError for a value that is not sealed and not plain, and for a key that is the log's own
 */
export const encodeEvent = (event: AuditEvent): string => encodeMembers(fieldsOf(event));

/** Long events are encoded at once; below this no escape makes one too long for a line, so that encoding cannot fail later. */
const certainlyShort = 8_000;

/**
 * A line whose text is made when it is asked for, if it is short: while its call waits for the cluster or for its next
 * question, instead of making it wait.
 * @throws TypeError at once, as `encodeEvent` does
 */
export class LaterEntry {
  readonly time: number;
  readonly type: string;
  readonly #fields: JsonObject;
  #members: string | undefined;

  constructor(time: number, event: AuditEvent) {
    this.time = time;
    this.type = event.type;
    this.#fields = fieldsOf(event);
    if (roughLength(this.#fields) >= certainlyShort) this.#members = encodeMembers(this.#fields);
  }

  get members(): string {
    this.#members ??= encodeMembers(this.#fields);
    return this.#members;
  }
}

function roughLength(fields: JsonObject): number {
  let sum = 0;
  for (const key in fields) {
    const value = fields[key];
    sum += key.length + (typeof value === 'string' ? value.length : Array.isArray(value) ? value.join('').length : 32);
  }
  return sum;
}

function fieldsOf(event: AuditEvent): JsonObject {
  const fields: Record<string, Json> = { invocation: event.invocation };
  const given: Readonly<Record<string, AuditValue | readonly AuditValue[] | undefined>> = event.fields;
  for (const key in given) {
    const value = given[key];
    if (value === undefined) continue;
    if (reserved.has(key)) throw new TypeError(`an audit event has a field ${key}, which is the log's own`);
    const plain = isList(value) ? value.map(plainOf) : plainOf(value);
    fields[key] = plain;
  }
  return fields;
}

/** Members within the length of a line: a value that is too long keeps its head and names the digest of the rest. */
function encodeMembers(fields: JsonObject): string {
  let cap = maxLineBytes / 4;
  // Most lines are short and whole: their members become text in one go.
  let members = `,${visibleJson(fields).slice(1, -1)}`;
  while (Buffer.byteLength(members) > maxLineBytes - frameBytes) {
    members = Object.entries(fields)
      .map(([key, value]) => jsonMember(key, shorten(value, cap)))
      .join('');
    cap /= 2;
    if (cap < 1) throw new TypeError('an audit event has too many fields');
  }
  return members;
}

/** For a first line, which is as long as it must be. */
export const encodeUnbounded = (fields: JsonObject): string =>
  Object.entries(fields)
    .map(([key, value]) => jsonMember(key, value))
    .join('');

const isList = (value: AuditValue | readonly AuditValue[]): value is readonly AuditValue[] => Array.isArray(value);

function plainOf(value: AuditValue): string | number | boolean {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('an audit event has a number that is not finite');
    return value;
  }
  const text = open(value);
  if (typeof text !== 'string') throw new TypeError('an audit event has a masked value that is not text');
  return text;
}

function shorten(value: Json, cap: number): Json {
  if (typeof value === 'string') return shortenText(value, cap);
  if (!Array.isArray(value) || sizeOf(value) <= cap) return value;
  const list: readonly Json[] = value;
  const kept: Json[] = [];
  let used = 0;
  for (const each of list) {
    const short = shorten(each, cap / 2);
    used += sizeOf(short) + 1;
    if (used > cap) break;
    kept.push(short);
  }
  if (kept.length === list.length) return kept;
  return [...kept, `…sha256:${lineDigest(JSON.stringify(list.slice(kept.length)))}`];
}

function shortenText(text: string, cap: number): string {
  if (sizeOf(text) <= cap) return text;
  let length = Math.min(text.length, cap);
  while (length > 0 && sizeOf(text.slice(0, length)) > cap) length = Math.floor(length / 2);
  // A character outside of the basic plane is not cut in its middle.
  if (/[\uD800-\uDBFF]$/.test(text.slice(0, length))) length -= 1;
  return `${text.slice(0, length)}…sha256:${lineDigest(text.slice(length))}`;
}

const sizeOf = (value: Json): number => Buffer.byteLength(visibleJson(value));
