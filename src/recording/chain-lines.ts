import { genesis, jsonMember } from '../domain/hash-chain.ts';
import type { Json } from '../domain/json.ts';

/** A line before it has its place in a chain. */
export interface Line {
  readonly type: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly fields: Readonly<Record<string, Json>>;
  /** One more behind them, of text that may be long. */
  readonly text?: readonly [key: string, text: string];
}

/** Where a chain stands: its last line. */
export interface Place {
  readonly seq: number;
  readonly time: number;
  /** SHA-256 in hex of that line. */
  readonly prev: string;
}

export const beginning: Place = { seq: 0, time: 0, prev: genesis };

/** As JSON text, a comma before each. */
export const membersOf = (fields: Line['fields'], text: Line['text']): string =>
  [...Object.entries(fields), ...(text === undefined ? [] : [text])]
    .map(([key, value]) => jsonMember(key, value))
    .join('');

/** Characters of long text: what lines take while they are on their way. */
export const sizeOf = (lines: readonly Line[]): number =>
  lines.reduce((sum, { text }) => sum + (text?.[1].length ?? 0), 0);
