import { hash } from 'node:crypto';

/** The `Audit-ID` values of one invocation, and how many were taken: the outcome line holds the number as `auditIds`. */
export interface AuditIds {
  next(): string;
  readonly count: number;
}

/**
 * UUIDv8 (RFC 9562 §5.8) of HMAC-SHA-256(seed, "<invocation>/<n>"), n from 1. The seed stands in the first line of the chain
 * that holds the invocation, so the ids can be told again without a line per request, and nobody can send them in advance.
 */
export function auditIds(seed: Uint8Array, invocation: string): AuditIds {
  return new Counted(seed, invocation);
}

class Counted implements AuditIds {
  readonly #seed: Uint8Array;
  readonly #invocation: string;
  #taken = 0;

  constructor(seed: Uint8Array, invocation: string) {
    this.#seed = seed;
    this.#invocation = invocation;
  }

  next(): string {
    this.#taken += 1;
    return auditId(this.#seed, this.#invocation, this.#taken);
  }

  get count(): number {
    return this.#taken;
  }
}

/** The n-th Audit-ID of an invocation, counted from 1. */
export function auditId(seed: Uint8Array, invocation: string, n: number): string {
  const bytes = hmacSha256(seed, `${invocation}/${n}`).subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const block = 64;

/** The key of a process, padded both ways, made once. */
const padded = new WeakMap<Uint8Array, { readonly inner: Buffer; readonly outer: Buffer }>();

/**
 * HMAC-SHA-256 (RFC 2104) as two one-shot digests: every request waits for one, and the streams behind `createHmac` are the
 * most expensive thing that a read does before it leaves. A test holds it to `createHmac`.
 */
function hmacSha256(key: Uint8Array, text: string): Buffer {
  const pads = padded.get(key) ?? { inner: padOf(key, 0x36), outer: padOf(key, 0x5c) };
  padded.set(key, pads);
  const digest = hash('sha256', Buffer.concat([pads.inner, Buffer.from(text)]), 'buffer');
  return hash('sha256', Buffer.concat([pads.outer, digest]), 'buffer');
}

function padOf(key: Uint8Array, byte: number): Buffer {
  // A longer one would have to be hashed first; ours have 32 bytes.
  if (key.length > block) throw new RangeError(`a key has at most ${block} bytes`);
  const pad = Buffer.alloc(block, byte);
  key.forEach((part, index) => {
    pad[index] = part ^ byte;
  });
  return pad;
}
