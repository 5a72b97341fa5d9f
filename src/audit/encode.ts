import type { AuditEvent, AuditValue } from '../domain/audit-event.ts';
import { jsonMember, visibleJson } from '../domain/hash-chain.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import { open } from '../domain/masked.ts';
import { shorten } from './shorten.ts';

/** Bytes of a line, newline included. */
const maxLineBytes = 64 * 1024;
/** `seq`, `time`, `type` and `prev` need less than this. */
const frameBytes = 512;
/** Below that many UTF-16 units a text is never too long for a line: each has three bytes at most. */
const certainlyFits = (maxLineBytes - frameBytes) / 3;
const reserved = new Set(['seq', 'time', 'type', 'invocation', 'prev']);

/**
 * What of a line the event decides, as JSON members. The log is a sink: it opens what the mask sealed.
 * @throws TypeError for a value that is not sealed and not plain, and for a key that is the log's own
 */
export function encodeEvent(event: AuditEvent): string {
  // Most lines are short and whole: from the event to its text in one go, because every call waits for this.
  const members = membersOf(event);
  return members.length < certainlyFits || isWithin(members) ? members : shortened(fieldsOf(event));
}

type Value = AuditValue | readonly AuditValue[] | undefined;
type Given = Readonly<Record<string, Value>>;

const isWithin = (members: string): boolean => Buffer.byteLength(members) <= maxLineBytes - frameBytes;

function membersOf(event: AuditEvent): string {
  const given: Given = event.fields;
  let members = `,"invocation":${textOf(event.invocation)}`;
  for (const key in given) {
    const value = given[key];
    if (value !== undefined) members += memberOf(key, value);
  }
  return members;
}

interface Member {
  /** Key and colon. */
  readonly begin: string;
  value: string;
  text: string;
}

/** By key, its last short text: tool, principal, cluster, rule and bundle are the same on line after line. */
const lastMembers = new Map<string, Member>();
const mostRemembered = 200;

function memberOf(key: string, value: Exclude<Value, undefined>): string {
  const last = lastMembers.get(key) ?? firstMember(key);
  if (typeof value !== 'string') return last.begin + (isList(value) ? listText(value) : valueText(value));
  if (value === last.value) return last.text;
  const text = last.begin + textOf(value);
  if (value.length <= mostRemembered) {
    last.value = value;
    last.text = text;
  }
  return text;
}

function firstMember(key: string): Member {
  mustBeFree(key);
  const begin = `,${visibleJson(key)}:`;
  const member = { begin, value: '', text: `${begin}""` };
  lastMembers.set(key, member);
  return member;
}

function mustBeFree(key: string): void {
  if (reserved.has(key)) throw new TypeError(`an audit event has a field ${key}, which is the log's own`);
}

function listText(list: readonly AuditValue[]): string {
  let text = '[';
  for (const value of list) text += (text === '[' ? '' : ',') + valueText(value);
  return `${text}]`;
}

function valueText(value: AuditValue): string {
  const plain = plainOf(value);
  return typeof plain === 'string' ? textOf(plain) : String(plain);
}

/** Printable ASCII needs no escape but for these two. */
const toEscape = /[^ -~]|["\\]/;
const textOf = (text: string): string => (toEscape.test(text) ? visibleJson(text) : `"${text}"`);

function fieldsOf(event: AuditEvent): JsonObject {
  const fields: Record<string, Json> = { invocation: event.invocation };
  const given: Given = event.fields;
  for (const key in given) {
    const value = given[key];
    if (value !== undefined) fields[key] = isList(value) ? value.map(plainOf) : plainOf(value);
  }
  return fields;
}

/** Members within the length of a line: a value that is too long keeps its head and names the digest of the rest. */
function shortened(fields: JsonObject): string {
  let cap = maxLineBytes / 4;
  let members: string;
  do {
    members = Object.entries(fields)
      .map(([key, value]) => jsonMember(key, shorten(value, cap)))
      .join('');
    cap /= 2;
    if (cap < 1) throw new TypeError('an audit event has too many fields');
  } while (!isWithin(members));
  return members;
}

/** For a first line, which is as long as it must be. */
export const encodeUnbounded = (fields: JsonObject): string =>
  Object.entries(fields)
    .map(([key, value]) => jsonMember(key, value))
    .join('');

const isList = (value: Value): value is readonly AuditValue[] => Array.isArray(value);

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
