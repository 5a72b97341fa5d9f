import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../domain/environment.ts';
import { lineDigest } from '../domain/hash-chain.ts';
import { listAt } from '../domain/json.ts';
import { chainFiles, formatHead, formatTorn, type Head, parseHead, readFirstLine, readTail } from './chain-files.ts';
import { parseLine } from './line.ts';

/** What the first line of a new chain says of the others, as its fields. */
export interface Others {
  readonly heads: readonly string[];
  readonly torn: readonly string[];
}

/**
 * Names the chains that no later chain names as they stand now: whatever those named is bound through them. So a first line
 * stays short, and a start reads the first line and the size of an old chain and the tail of a few new ones.
 */
export function nameOthers(folder: string, log: Log): Others {
  const covered = new Map<string, number>();
  const heads: string[] = [];
  const torn: string[] = [];
  for (const file of [...chainFiles(folder)].reverse()) {
    try {
      const path = join(folder, file);
      for (const head of headsOf(path)) covered.set(head.file, Math.max(head.end, covered.get(head.file) ?? 0));
      if (covered.get(file) === statSync(path).size) continue;
      const { link, end, rest } = readTail(path);
      if (link !== undefined) heads.push(formatHead({ file, seq: link.seq, end, digest: link.digest }));
      if (rest.length > 0) torn.push(formatTorn({ file, start: end, bytes: rest.length, digest: lineDigest(rest) }));
    } catch {
      // A chain that cannot be read must not keep the log from being written; verify finds it.
      log.warn('cannot read a chain of the audit log', { file });
    }
  }
  return { heads, torn };
}

function headsOf(path: string): readonly Head[] {
  const first = readFirstLine(path);
  return first === undefined ? [] : listAt(parseLine(first), 'heads').flatMap((each) => parseHead(each) ?? []);
}
