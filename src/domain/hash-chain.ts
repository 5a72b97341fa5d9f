import { hash } from 'node:crypto';
import { iso } from './environment.ts';
import type { Json } from './json.ts';

/** What the first line of a chain has as its `prev`. */
export const genesis = '0'.repeat(64);

/** SHA-256 in hex of the exact bytes of a line, without its newline. */
export const lineDigest = (line: string | Uint8Array): string => hash('sha256', line, 'hex');

export interface LineHead {
  /** From 1, without a gap. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly type: string;
}

/**
 * One line of a hash chain, without its newline. `seq`, `time` and `type` come first and `prev` last, so both ends of a line
 * are read without parsing what is between them. `members` is JSON text as `jsonMember` makes it.
 */
export const chainLine = (head: LineHead, members: string, prev: string): string =>
  lineStart(head) + members + lineEnd(prev);

/** What of such a line stands before its members, and what behind them. */
export const lineStart = ({ seq, time, type }: LineHead): string =>
  `{"seq":${seq},"time":"${iso(time)}","type":"${type}"`;
export const lineEnd = (prev: string): string => `,"prev":"sha256:${prev}"}`;

/** `,"key":value`, with every character that could act on a terminal or hide from a reader escaped. */
export const jsonMember = (key: string, value: Json): string => `,${visibleJson(key)}:${visibleJson(value)}`;

/** JSON text of printable characters: controls, bidi and zero-width marks, odd spaces and unassigned ones are `\uXXXX`. */
export function visibleJson(value: Json): string {
  const text = JSON.stringify(value);
  // JSON escapes the controls below the space, so of ASCII only DEL is left; and this is how ASCII is known fastest.
  if (Buffer.byteLength(text) === text.length && !text.includes('\x7f')) return text;
  return text.replace(/[\p{C}\p{Variation_Selector}]|(?! )\p{Z}/gu, (character) =>
    character.split('').map(escapeUnit).join(''),
  );
}

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** What of a line the next one is checked against. */
export interface Link {
  readonly seq: number;
  /** ISO 8601, as in the line; such texts compare as times do. */
  readonly time: string;
  readonly type: string;
  readonly digest: string;
}

export interface LinkFault {
  readonly kind: 'form' | 'seq' | 'time' | 'link';
  /** The `seq` that the line at fault should have: its number in the file. */
  readonly line: number;
  readonly message: string;
}

const headForm =
  /^\{"seq":([1-9]\d{0,14}),"time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)","type":"([A-Za-z]{1,40})"[,}]/;
const tailForm = /,"prev":"sha256:([0-9a-f]{64})"\}$/;
const headLength = 120;
const tailLength = 82;

/**
 * Checks one line against the one before it (undefined: the first of its chain), by its exact bytes. The link is undefined
 * where the line has not the form of one.
 */
export function checkLink(
  before: Link | undefined,
  line: Buffer,
  number: number,
): { readonly link: Link | undefined; readonly faults: readonly LinkFault[] } {
  const head = headForm.exec(line.toString('latin1', 0, headLength));
  const prev = tailForm.exec(line.toString('latin1', Math.max(0, line.length - tailLength)))?.[1];
  const [, seq, time, type] = head ?? [];
  if (seq === undefined || time === undefined || type === undefined || prev === undefined)
    return { link: undefined, faults: [{ kind: 'form', line: number, message: 'it is not a line of a chain' }] };
  const link = { seq: Number(seq), time, type, digest: lineDigest(line) };
  return { link, faults: faultsOf(before, link, prev, number) };
}

function faultsOf(before: Link | undefined, link: Link, prev: string, number: number): readonly LinkFault[] {
  const faults: LinkFault[] = [];
  const expected = (before?.seq ?? 0) + 1;
  if (link.seq !== expected)
    faults.push({ kind: 'seq', line: number, message: `its seq is ${link.seq} where ${expected} should follow` });
  if (before !== undefined && link.time < before.time)
    faults.push({ kind: 'time', line: number, message: `its time ${link.time} is before that of the line above` });
  if (prev !== (before?.digest ?? genesis))
    faults.push(
      before === undefined
        ? { kind: 'link', line: number, message: 'it names a line before it, but it is the first of the file' }
        : {
            kind: 'link',
            line: number - 1,
            message: `line ${number} was written after another line: line ${number - 1}, or the link in line ${number}, was changed`,
          },
    );
  return faults;
}
