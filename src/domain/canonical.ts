import type { Json } from './json.ts';

/**
 * Canonical JSON, RFC 8785 (JCS): members sorted by UTF-16 code units, numbers as ECMAScript prints them, no white space.
 * Equal values have equal text, so a digest over it is a digest over the value.
 * @throws TypeError for what JSON cannot hold (undefined, NaN, infinities) and for lone surrogates.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return canonicalNumber(value);
  if (typeof value === 'string') return canonicalString(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`not JSON: ${typeof value}`);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${canonicalString(key)}:${canonicalJson((value as { [key: string]: Json })[key] as Json)}`);
  return `{${members.join(',')}}`;
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('not JSON: a number that is not finite');
  return JSON.stringify(value);
}

function canonicalString(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('not JSON: a string with a lone surrogate');
  return JSON.stringify(value);
}
