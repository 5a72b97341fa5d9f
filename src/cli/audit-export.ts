import { join, resolve } from 'node:path';
import { exportLog } from '../audit/export.ts';
import { loadConfig, stateRoot } from '../config.ts';
import { packageRoot } from '../package.ts';
import { recordingsFolder } from '../recording/session.ts';
import type { AuditOptions } from './audit.ts';
import { type ExitCode, type Io, json, line } from './io.ts';
import { knownKeys } from './known-keys.ts';

export interface ExportCommand extends AuditOptions {
  /** False with --no-recordings. */
  readonly recordings?: boolean;
}

/** A folder for an auditor; 1 where what was exported does not verify. */
export async function auditExport(out: string, options: ExportCommand, io: Io): Promise<ExitCode> {
  const { config } = await loadConfig(options.config, io.env);
  const root = stateRoot(config, io.env);
  const done = await exportLog({
    folder: join(root, 'audit'),
    recordings: options.recordings === false ? undefined : recordingsFolder(root),
    keys: await knownKeys(root, config),
    guides: join(packageRoot, 'docs/auditor'),
    out: resolve(out),
  });
  if (options.json === true) json(io, { out: resolve(out), ...done });
  else {
    line(io, `${out}: ${done.files} files; ${done.summary}`);
    line(
      io,
      'Its README.md says how to check it without trusting this machine. Send a checkpoint from outside along with it.',
    );
  }
  return done.consistent ? 0 : 1;
}
