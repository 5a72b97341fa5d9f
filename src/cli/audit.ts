import { join } from 'node:path';
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

/** `30m`, `2h`, `7d` ago, or a time. @throws Invalid */
export function timeOf(since: string): string {
  const ago = /^([1-9]\d{0,5})([smhd])$/.exec(since);
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[ago?.[2] ?? ''];
  if (unit !== undefined) return iso(systemClock.now() - Number(ago?.[1]) * unit);
  const time = Date.parse(since);
  if (Number.isNaN(time))
    throw invalid(`${JSON.stringify(since)} is not a time`, 'write 30m, 2h, 7d or 2026-11-21T09:00:00Z');
  return iso(time);
}
