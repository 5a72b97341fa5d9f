import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { FileOperations } from '../../../src/audit/file-operations.ts';
import { openAuditLog } from '../../../src/audit/log.ts';
import type { OpenAuditLog } from '../../../src/audit/open-log.ts';
import type { AuditEvent } from '../../../src/domain/audit-event.ts';
import type { Clock, Log, Random } from '../../../src/domain/environment.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { ident } from '../../../src/domain/masked.ts';

export const random: Random = { bytes: (length) => randomBytes(length) };
export const realClock: Clock = { now: () => Date.now() };

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'audit-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface KeptLog extends Log {
  readonly lines: string[];
}
export function keptLog(): KeptLog {
  const lines: string[] = [];
  const keep = (message: string): void => void lines.push(message);
  return { lines, debug: keep, info: keep, warn: keep, error: keep };
}

export interface Opening {
  readonly folder: string;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly files?: FileOperations;
}
export async function opened({ folder, clock = realClock, log = keptLog(), files }: Opening): Promise<OpenAuditLog> {
  const audit = await openAuditLog({ folder, clock, random, log, ...(files === undefined ? {} : { files }) });
  onTestFinished(() => audit.close());
  return audit;
}

export const event = (
  type: AuditEvent['type'],
  invocation: string,
  fields: Readonly<Record<string, string | number | boolean>> = {},
): AuditEvent => ({
  type,
  invocation,
  fields: Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? ident(value) : value]),
  ),
});

export const chainsIn = (folder: string): readonly string[] => readdirSync(folder).sort();

export const rawLinesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);

export const linesOf = (path: string): readonly JsonObject[] => rawLinesOf(path).map((line) => JSON.parse(line));

export const linesIn = (folder: string): readonly JsonObject[] =>
  chainsIn(folder).flatMap((file) => linesOf(join(folder, file)));
