import { join } from 'node:path';
import { renderEvent } from '../audit/render.ts';
import { tail } from '../audit/tail.ts';
import { type VerifyReport, verify } from '../audit/verify.ts';
import { loadConfig, stateRoot } from '../config.ts';
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
async function auditFolder(options: AuditOptions, io: Io): Promise<string> {
  const { config } = await loadConfig(options.config, io.env);
  return join(stateRoot(config, io.env), 'audit');
}

/** Checks every link and the story; 1 if anything is not as it was written. */
export async function auditVerify(path: string | undefined, options: AuditOptions, io: Io): Promise<ExitCode> {
  const report = await verify(path ?? (await auditFolder(options, io)));
  if (options.json === true) json(io, report);
  else for (const text of reportLines(report)) line(io, text);
  return report.consistent ? 0 : 1;
}

function reportLines(report: VerifyReport): readonly string[] {
  const shown = report.faults.map(
    ({ file, line: at, message }) => `FAIL  ${file}${at === undefined ? '' : `:${at}`}  ${message}`,
  );
  const unshown = report.faultCount - report.faults.length;
  const files = report.chains.length === 1 ? '1 chain' : `${report.chains.length} chains`;
  return [
    ...report.chains.map(({ file, lines }) => `${String(lines).padStart(8)} lines  ${file}`),
    ...shown,
    ...(unshown > 0 ? [`… and ${unshown} more faults`] : []),
    ...report.openIntents.map((id) => `open  ${id} was authorized and has no outcome: read the objects it names`),
    `${report.lines} lines in ${files}: ${report.summary}`,
  ];
}

/** Events as one line each, or as they stand in the file with --json. */
export async function auditTail(options: TailOptions, io: Io): Promise<ExitCode> {
  const { json: raw, config: _, ...wanted } = options;
  const events = tail(await auditFolder(options, io), { ...wanted, signal: io.signal });
  for await (const event of events) line(io, raw === true ? JSON.stringify(event) : renderEvent(event));
  return 0;
}
