import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CountersignError } from '../domain/errors.ts';
import { chainFiles } from './chain-files.ts';
import type { VerifierKey } from './checkpoint/note.ts';
import { scanLines } from './scan.ts';
import { verify } from './verify/verify.ts';

export interface ExportOptions {
  /** `<state>/audit`. */
  readonly folder: string;
  /** `<state>/recordings`; undefined: they stay out. */
  readonly recordings: string | undefined;
  readonly keys: readonly VerifierKey[];
  /** `README.md` and `verify.mjs`, for who has nothing else. */
  readonly guides: string;
  /** Made anew, 0700. */
  readonly out: string;
}

export interface Exported {
  readonly files: number;
  /** What verifying the exported copy says. */
  readonly summary: string;
  readonly consistent: boolean;
}

/**
 * A folder that an auditor can check alone: the log byte for byte up to its last whole line, what is attached to it, recordings,
 * public keys, a report, a checker of its own, and the digest of every file.
 * @throws Invalid where the folder is there already or cannot be made
 */
export async function exportLog({ folder, recordings, keys, guides, out }: ExportOptions): Promise<Exported> {
  await makeFolder(out);
  const audit = join(out, 'audit');
  await mkdir(audit, { mode: 0o700 });
  for (const file of chainFiles(folder)) await copyWholeLines(join(folder, file), join(audit, file));
  await copyAll(join(folder, 'attached'), join(audit, 'attached'));
  if (recordings !== undefined) await copyAll(recordings, join(out, 'recordings'));
  await writeFile(join(out, 'keys.txt'), keys.map(({ text }) => `${text}\n`).join(''), { mode: 0o600 });
  for (const guide of ['README.md', 'verify.mjs']) await copyFile(join(guides, guide), join(out, guide));
  const report = await verify(audit, { keys });
  await writeFile(join(out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600 });
  const sums = await digests(out);
  await writeFile(join(out, 'SHA256SUMS'), sums.map(([digest, path]) => `${digest}  ${path}\n`).join(''), {
    mode: 0o600,
  });
  return { files: sums.length, summary: report.summary, consistent: report.consistent };
}

async function makeFolder(out: string): Promise<void> {
  await mkdir(out, { mode: 0o700 }).catch((cause: unknown) => {
    throw new CountersignError('Invalid', `${out} cannot be made`, {
      hint: 'name a folder that is not there yet, in one that is',
      cause,
    });
  });
}

/** A line that is being written now is not exported in part. */
async function copyWholeLines(from: string, to: string): Promise<void> {
  const { end } = await scanLines(from, 0, () => undefined);
  if (end === 0) {
    await (await open(to, 'wx', 0o600)).close();
    return;
  }
  await pipeline(createReadStream(from, { end: end - 1 }), createWriteStream(to, { flags: 'wx', mode: 0o600 }));
}

async function copyAll(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  await mkdir(to, { mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true }))
    if (entry.isFile()) await copyFile(join(from, entry.name), join(to, basename(entry.name)));
}

async function digests(out: string): Promise<readonly (readonly [string, string])[]> {
  const entries = await readdir(out, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1))
    .sort();
  const sums: (readonly [string, string])[] = [];
  for (const path of paths) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(out, path)), hash);
    sums.push([hash.digest('hex'), path]);
  }
  return sums;
}
