import type { AuditQuery } from '../audit/fitting.ts';
import { query } from '../audit/query.ts';
import { renderEvent } from '../audit/render.ts';
import { visibleJson } from '../domain/hash-chain.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import { type AuditOptions, auditFolder, timeOf } from './audit.ts';
import { type ExitCode, type Io, line } from './io.ts';

export interface QueryOptions extends AuditOptions, Pick<AuditQuery, 'namespace' | 'object' | 'outcome'> {
  readonly approval?: string;
  readonly invocation?: string;
  readonly type?: string;
  readonly approver?: string;
  readonly principal?: string;
  readonly tool?: string;
  readonly since?: string;
  readonly until?: string;
  readonly breakGlass?: boolean;
  readonly format?: 'lines' | 'table' | 'csv';
}

/** Lines that fit, by time: one line each, a table, CSV, or as they stand in the file with --json. */
export async function auditQuery(options: QueryOptions, io: Io): Promise<ExitCode> {
  const show = options.json === true ? JSON.stringify : shows[options.format ?? 'lines'];
  if (options.json !== true && options.format === 'csv') line(io, columns.map(([name]) => name).join(','));
  if (options.json !== true && options.format === 'table') line(io, headings);
  for await (const event of query(await auditFolder(options, io), askedOf(options))) {
    if (io.signal.aborted) break;
    line(io, show(event));
  }
  return 0;
}

function askedOf(options: QueryOptions): AuditQuery {
  const { config: _, json: __, format: ___, since, until, breakGlass, namespace, object, outcome, ...exact } = options;
  return {
    keys: { ...exact, ...(breakGlass === true ? { breakGlass: true as const } : {}) },
    ...(since === undefined ? {} : { since: timeOf(since) }),
    ...(until === undefined ? {} : { until: timeOf(until) }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(object === undefined ? {} : { object }),
    ...(outcome === undefined ? {} : { outcome }),
  };
}

/** What of an event has a column, and how wide it is in a table. */
const columns = [
  ['time', 24],
  ['type', 18],
  ['invocation', 26],
  ['principal', 20],
  ['actingFor', 20],
  ['cluster', 12],
  ['tool', 8],
  ['objects', 36],
  ['approval', 9],
  ['approver', 20],
  ['decision', 8],
  ['status', 10],
  ['code', 16],
  ['rule', 20],
  ['comment', 30],
] as const;

const shows = {
  lines: renderEvent,
  table: (event: JsonObject): string =>
    columns
      .map(([name, width]) => cut(plain(event[name]), width).padEnd(width))
      .join('  ')
      .trimEnd(),
  csv: (event: JsonObject): string => columns.map(([name]) => cell(plain(event[name]))).join(','),
};

const headings = columns
  .map(([name, width]) => name.padEnd(width))
  .join('  ')
  .trimEnd();

/** Nothing in it can act on a terminal. */
const plain = (value: Json | undefined): string => {
  if (value === undefined) return '';
  if (typeof value === 'string') return visibleJson(value).slice(1, -1).replaceAll('\\"', '"');
  return Array.isArray(value) ? value.map(plain).join(' ') : visibleJson(value);
};

const cut = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text);

/** RFC 4180; what a spreadsheet would take for a formula is text. */
const cell = (text: string): string => {
  const safe = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
