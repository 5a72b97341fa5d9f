import { chainLine, genesis, jsonMember, lineDigest } from '../domain/hash-chain.ts';
import type { Json } from '../domain/json.ts';

/** A line before it has its place in a chain. */
export interface Line {
  readonly type: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly fields: Readonly<Record<string, Json>>;
}

/** Where a chain stands: its last line. */
export interface Place {
  readonly seq: number;
  readonly time: number;
  /** SHA-256 in hex of that line. */
  readonly prev: string;
}

export const beginning: Place = { seq: 0, time: 0, prev: genesis };

/** The bytes of these lines behind `from`, and where the chain stands then. */
export function chained(lines: readonly Line[], from: Place): { readonly bytes: Buffer; readonly place: Place } {
  let { seq, time, prev } = from;
  const parts: Buffer[] = [];
  for (const { type, time: at, fields } of lines) {
    seq += 1;
    time = Math.max(time, at);
    const bytes = Buffer.from(`${chainLine({ seq, time, type }, membersOf(fields), prev)}\n`);
    prev = lineDigest(bytes.subarray(0, -1));
    parts.push(bytes);
  }
  return { bytes: Buffer.concat(parts), place: { seq, time, prev } };
}

const membersOf = (fields: Line['fields']): string =>
  Object.entries(fields)
    .map(([key, value]) => jsonMember(key, value))
    .join('');

/** Characters of its texts: what a line takes while it is on its way. */
export const sizeOf = ({ fields }: Line): number =>
  Object.values(fields).reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0);
