import { visibleJson } from '../domain/hash-chain.ts';
import { type JsonObject, listAt, stringAt } from '../domain/json.ts';
import { parseLine } from './line.ts';

type Outcome = 'executed' | 'failed' | 'unknown' | 'refused' | 'denied';

export interface AuditQuery {
  /** Keys of the line that must have exactly this value. */
  readonly keys: Readonly<Record<string, string | true>>;
  /** ISO 8601, UTC, with milliseconds: only lines of that time and later. */
  readonly since?: string;
  /** Only lines before that time. */
  readonly until?: string;
  /** Only lines about objects in it, or about the namespace itself. */
  readonly namespace?: string;
  /** `Kind/namespace/name`, or `Kind/name`. */
  readonly object?: string;
  /** How a call ended; `denied`: by policy or a person. */
  readonly outcome?: Outcome;
}

/** The event of a line if it fits. Most lines are about something else: they are told by their bytes and not parsed. */
export function fitting({ keys, since, until, ...about }: AuditQuery): (bytes: Buffer) => JsonObject | undefined {
  const wanted = Object.entries(keys);
  const words = [...wanted.map(word), ...wordsOf(about)].map((text) => Buffer.from(text));
  return (bytes) => {
    if (since !== undefined || until !== undefined) {
      const time = timeOf(bytes);
      if (time < (since ?? '') || (until !== undefined && time >= until)) return undefined;
    }
    for (const each of words) if (!bytes.includes(each)) return undefined;
    const line = parseLine(bytes);
    if (stringAt(line, 'type') === undefined || !wanted.every(([key, value]) => line[key] === value)) return undefined;
    return isAbout(line, about) ? line : undefined;
  };
}

const word = ([key, value]: [string, string | true]): string =>
  value === true ? `"${key}":true` : `"${key}":${visibleJson(value)}`;

type About = Pick<AuditQuery, 'namespace' | 'object' | 'outcome'>;

const wordsOf = ({ namespace, object, outcome }: About): readonly string[] => [
  ...(namespace === undefined ? [] : [`/${namespace}`]),
  ...(object === undefined ? [] : [visibleJson(object)]),
  ...(outcome === undefined ? [] : [`"type":"${types[outcome]}"`]),
];

const types: Readonly<Record<Outcome, string>> = {
  executed: 'Executed',
  failed: 'Failed',
  unknown: 'Unknown',
  refused: 'Refused',
  denied: 'Refused',
};
const denials: readonly unknown[] = ['Denied', 'ApprovalDenied'];

function isAbout(line: JsonObject, { namespace, object, outcome }: About): boolean {
  const objects = listAt(line, 'objects');
  if (object !== undefined && !objects.includes(object)) return false;
  if (namespace !== undefined && !objects.some((each) => isIn(each, namespace))) return false;
  if (outcome === undefined) return true;
  return line.type === types[outcome] && (outcome !== 'denied' || denials.includes(line.code));
}

function isIn(object: unknown, namespace: string): boolean {
  const [kind, first, name] = typeof object === 'string' ? object.split('/') : [];
  return first === namespace && (name !== undefined || kind === 'Namespace');
}

/** It stands right behind the number of the line. */
function timeOf(bytes: Buffer): string {
  const start = bytes.indexOf('"time":"') + 8;
  return bytes.toString('latin1', start, start + 24);
}
