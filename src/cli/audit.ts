import { join } from 'node:path';
import { query } from '../audit/query.ts';
import { renderEvent } from '../audit/render.ts';
import { tail } from '../audit/tail.ts';
import { timeline } from '../audit/timeline.ts';
import { wholeStory } from '../audit/whole-story.ts';
import { loadConfig, stateRoot } from '../config.ts';
import { iso } from '../domain/environment.ts';
import { invalid } from '../domain/errors.ts';
import { systemClock } from '../system.ts';
import { type ExitCode, type Io, json, line } from './io.ts';

export interface AuditOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export interface TailOptions extends AuditOptions {
  readonly follow?: boolean;
  readonly last?: number;
  readonly invocation?: string;
  readonly approval?: string;
  readonly type?: string;
}

/** Where the log is; the configuration may have moved the state directory. */
export async function auditFolder(options: AuditOptions, io: Io): Promise<string> {
  const { config } = await loadConfig(options.config, io.env);
  return join(stateRoot(config, io.env), 'audit');
}

/** Events as one line each, or as they stand in the file with --json. */
export async function auditTail(options: TailOptions, io: Io): Promise<ExitCode> {
  const { json: raw, config: _, ...wanted } = options;
  const events = tail(await auditFolder(options, io), { ...wanted, signal: io.signal });
  for await (const event of events) line(io, raw === true ? JSON.stringify(event) : renderEvent(event));
  return 0;
}

/** The whole story of one call: its own lines and those of its approval. */
export async function auditShow(id: string, options: AuditOptions, io: Io): Promise<ExitCode> {
  const story = await wholeStory(await auditFolder(options, io), id);
  if (options.json === true) json(io, story);
  else for (const text of timeline(story)) line(io, text);
  return 0;
}

export interface QueryOptions extends AuditOptions {
  readonly approval?: string;
  readonly invocation?: string;
  readonly type?: string;
  readonly approver?: string;
  readonly principal?: string;
  readonly since?: string;
  readonly breakGlass?: boolean;
}

/** Lines whose keys have exactly these values, by time. */
export async function auditQuery(options: QueryOptions, io: Io): Promise<ExitCode> {
  const { config: _, json: raw, since, breakGlass, ...exact } = options;
  const keys = { ...exact, ...(breakGlass === true ? { breakGlass: true as const } : {}) };
  const asked = { keys, ...(since === undefined ? {} : { since: timeOf(since) }) };
  for await (const event of query(await auditFolder(options, io), asked)) {
    if (io.signal.aborted) break;
    line(io, raw === true ? JSON.stringify(event) : renderEvent(event));
  }
  return 0;
}

/** `30m`, `2h`, `7d` ago, or a time. @throws Invalid */
function timeOf(since: string): string {
  const ago = /^([1-9]\d{0,5})([smhd])$/.exec(since);
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[ago?.[2] ?? ''];
  if (unit !== undefined) return iso(systemClock.now() - Number(ago?.[1]) * unit);
  const time = Date.parse(since);
  if (Number.isNaN(time))
    throw invalid(`--since ${JSON.stringify(since)} is not a time`, 'write 30m, 2h, 7d or 2026-11-21T09:00:00Z');
  return iso(time);
}
