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
  const hex = hmacSha256(seed, `${invocation}/${n}`);
  // version 8, and the variant of RFC 9562
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const block = 64;
const digestBytes = 32;

/** The key of a process, padded both ways with room behind for what is hashed; made once. */
const padded = new WeakMap<Uint8Array, { inner: Buffer; readonly outer: Buffer }>();

/**
 * HMAC-SHA-256 (RFC 2104) in hex, as two one-shot digests: every request waits for one, and the streams behind `createHmac`
 * are the most expensive thing that a read does before it leaves. A test holds it to `createHmac`.
 */
function hmacSha256(key: Uint8Array, text: string): string {
  let pads = padded.get(key);
  if (pads === undefined) {
    pads = { inner: padOf(key, 0x36, 64), outer: padOf(key, 0x5c, digestBytes) };
    padded.set(key, pads);
  }
  const most = block + 3 * text.length;
  if (pads.inner.length < most) pads.inner = padOf(key, 0x36, most - block);
  const length = block + pads.inner.write(text, block);
  pads.outer.write(hash('sha256', pads.inner.subarray(0, length), 'hex'), block, 'hex');
  return hash('sha256', pads.outer, 'hex');
}

function padOf(key: Uint8Array, byte: number, room: number): Buffer {
  // A longer one would have to be hashed first; ours have 32 bytes.
  if (key.length > block) throw new RangeError(`a key has at most ${block} bytes`);
  const pad = Buffer.alloc(block + room, byte);
  for (const [index, part] of key.entries()) pad[index] = part ^ byte;
  return pad;
}
