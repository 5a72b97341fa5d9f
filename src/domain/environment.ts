/** What a pure program must be given from outside, injected so that tests decide it. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

export interface Random {
  /** Cryptographically strong bytes. */
  bytes(length: number): Uint8Array;
}

/** Operational log, for operators; the audit log is another thing. Fields are ids, counts and our own words, never cluster data. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

let last = { milliseconds: Number.NaN, text: '' };

/** ISO 8601 in UTC, with milliseconds. Lines of one moment share their text. */
export function iso(milliseconds: number): string {
  if (milliseconds !== last.milliseconds) last = { milliseconds, text: new Date(milliseconds).toISOString() };
  return last.text;
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** An invocation id: a ULID, 26 characters, sortable by time. https://github.com/ulid/spec */
export function newInvocationId(clock: Clock, random: Random): string {
  let time = clock.now();
  let head = '';
  for (let i = 0; i < 10; i++) {
    head = crockford[time % 32] + head;
    time = Math.floor(time / 32);
  }
  return head + base32(random.bytes(16));
}

/** An approval id, `cs-` and six characters that a person can read out; unique within one state store by exclusive creation. */
export const newApprovalId = (random: Random): string => `cs-${base32(random.bytes(6)).toLowerCase()}`;

function base32(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += crockford[byte % 32];
  return text;
}
