import { lineDigest, visibleJson } from '../domain/hash-chain.ts';
import type { Json } from '../domain/json.ts';

/** At most about `cap` bytes of JSON: a text or a list that is longer keeps its head and names the digest of the rest. */
export function shorten(value: Json, cap: number): Json {
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
