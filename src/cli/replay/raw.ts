import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CountersignError, invalid } from '../../domain/errors.ts';
import { ident } from '../../domain/masked.ts';
import { rawName } from '../../recording/name.ts';
import { identitiesIn, readRaw } from '../../recording/raw-read.ts';
import { verifyRaw } from '../../recording/read.ts';
import type { Session } from '../../recording/session.ts';
import type { Io } from '../io.ts';
import { operator, type StateOptions, withState } from '../state-access.ts';

export interface RawOptions extends StateOptions {
  /** A file of age identities; `-` is stdin, so that the key need not be on this machine's disk. */
  readonly identity?: string;
  readonly reason?: string;
}

/**
 * The session as it came off the wire. Who reads it, and why, is in the audit log before anything is decrypted.
 * @throws Invalid for what is missing, AuditUnavailable
 */
export async function rawSession(
  folder: string,
  { facts }: Session,
  options: RawOptions,
  io: Io,
): Promise<{ readonly session: Session; readonly faults: readonly string[] }> {
  const { recording, rawRoot } = facts;
  const reason = wordsOf(options.reason);
  const identities = identitiesIn(await identityText(options.identity, io));
  const report = await verifyRaw(join(folder, rawName(recording)));
  const faults = report.faults.map((fault) => `raw line ${fault.line}: ${fault.message}`);
  if (rawRoot !== undefined && report.root !== rawRoot)
    faults.push('the raw frames are not those that it was sealed with');
  await withState(options, io, async (composition) => {
    await composition.audit.append({
      type: 'RecordingDecrypted',
      invocation: facts.invocation ?? '',
      fields: {
        recording: ident(recording),
        root: ident(report.root ?? ''),
        by: ident(operator(composition)),
        comment: ident(reason),
      },
    });
    return 0;
  });
  return { session: { facts, cues: await readRaw(folder, recording, identities) }, faults };
}

function wordsOf(reason: string | undefined): string {
  if (reason !== undefined && reason.trim() !== '' && reason.length <= 500) return reason;
  throw invalid('--raw needs --reason', 'say in at most 500 characters why: it is written into the audit log');
}

async function identityText(path: string | undefined, io: Io): Promise<string> {
  if (path === undefined)
    throw invalid('--raw needs --identity', 'name the file with the private half of recording.rawTo; - is stdin');
  if (path === '-') return text(io.stdin);
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CountersignError('Invalid', `${path} cannot be read`, { hint: 'name a file of age identities', cause });
  });
}
