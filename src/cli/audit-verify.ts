import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Note, parseNotes, parseVerifierKey, type VerifierKey } from '../audit/checkpoint/note.ts';
import { type VerifyReport, verify } from '../audit/verify/verify.ts';
import { type Config, loadConfig, stateRoot } from '../config.ts';
import { invalid, toCountersignError } from '../domain/errors.ts';
import type { AuditOptions } from './audit.ts';
import { type ExitCode, type Io, json, line } from './io.ts';
import { knownKeys } from './known-keys.ts';

export interface VerifyCommand extends AuditOptions {
  /** Verifier keys, or files with them. */
  readonly key?: readonly string[];
  /** Files with checkpoints. */
  readonly against?: readonly string[];
  readonly part?: boolean;
}

/** Checks every line, link, signature and the story; 1 if anything is not as it was written. Of a log elsewhere no configuration is read. */
export async function auditVerify(paths: readonly string[], options: VerifyCommand, io: Io): Promise<ExitCode> {
  try {
    return await check(paths, options, io);
  } catch (thrown) {
    // It could not be looked at: that is no word about the log.
    const { message, hint } = toCountersignError(thrown);
    io.stderr.write(`countersign: ${message}\n${hint === undefined ? '' : `Next: ${hint}\n`}`);
    return 2;
  }
}

async function check(paths: readonly string[], options: VerifyCommand, io: Io): Promise<ExitCode> {
  const own = paths.length === 0 ? await ownLog(options, io) : undefined;
  const given = (await Promise.all((options.key ?? []).map(keysIn))).flat();
  const report = await verify(own === undefined ? paths : [join(own.root, 'audit')], {
    keys: given.length > 0 || own === undefined ? given : await knownKeys(own.root, own.config),
    against: (await Promise.all((options.against ?? []).map(notesIn))).flat(),
    part: options.part === true,
  });
  if (options.json === true) json(io, report);
  else for (const text of reportLines(report, own !== undefined && given.length === 0)) line(io, text);
  return report.consistent ? 0 : 1;
}

async function ownLog(options: AuditOptions, io: Io): Promise<{ readonly root: string; readonly config: Config }> {
  const { config } = await loadConfig(options.config, io.env);
  return { root: stateRoot(config, io.env), config };
}

/** A key as it is, or a file that holds one a line; `#` begins a comment. */
async function keysIn(given: string): Promise<readonly VerifierKey[]> {
  if (/^[^\s+]+\+[0-9a-f]{8}\+/.test(given)) return [parseVerifierKey(given)];
  const lines = (await textOf(given, 'a public key, or a file with some')).split('\n').map((each) => each.trim());
  return lines.filter((each) => each !== '' && !each.startsWith('#')).map(parseVerifierKey);
}

const notesIn = async (path: string): Promise<readonly Note[]> => {
  const notes = parseNotes(await textOf(path, 'a file with checkpoints'));
  if (notes.length === 0)
    throw invalid(`there is no checkpoint in ${path}`, 'give the note whole, from its first line to its last');
  return notes;
};

const textOf = (path: string, what: string): Promise<string> =>
  readFile(path, 'utf8').catch(() => {
    throw invalid(`${path} cannot be read`, `give ${what}`);
  });

function reportLines(report: VerifyReport, ownKeys: boolean): readonly string[] {
  const { chains, faults, faultCount, openIntents, absent, checkpoints, lines, summary } = report;
  const shown = faults.map(
    ({ file, line: at, message }) => `FAIL  ${file}${at === undefined ? '' : `:${at}`}  ${message}`,
  );
  const unshown = faultCount - faults.length;
  const files = chains.length === 1 ? '1 chain' : `${chains.length} chains`;
  return [
    ...chains.map((chain) => `${String(chain.lines).padStart(8)} lines  ${chain.file}`),
    ...shown,
    ...(unshown > 0 ? [`… and ${unshown} more faults`] : []),
    ...absent.map((file) => `absent  ${file}`),
    ...openIntents.map((id) => `open  ${id} was authorized and has no outcome: read the objects it names`),
    ...(checkpoints.count === 0 || checkpoints.signatures !== 'good' ? [] : [signed(checkpoints.count, ownKeys)]),
    `${lines} lines in ${files}: ${summary}`,
  ];
}

const signed = (count: number, ownKeys: boolean): string =>
  `${count} checkpoints have good signatures${ownKeys ? ' by the keys in this state directory: --key names one that you have from elsewhere' : ''}`;
