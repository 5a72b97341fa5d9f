import { closeSync, fdatasyncSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../domain/environment.ts';
import { lineDigest } from '../domain/hash-chain.ts';
import { listAt } from '../domain/json.ts';
import {
  chainFiles,
  formatHead,
  formatTorn,
  type Head,
  parseHead,
  readFirstLine,
  readTail,
  type Torn,
} from './chain-files.ts';
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
  const { heads, torn } = unnamedChains(folder, { firstHeads: headsOf, named: new Map() }, log);
  return { heads: heads.map(formatHead), torn: torn.map(formatTorn) };
}

interface Known {
  /** What the first line of a chain names. */
  readonly firstHeads: (path: string) => readonly Head[];
  /** Ends that are named elsewhere already, by file. */
  readonly named: ReadonlyMap<string, number>;
  /** A chain that is not looked at. */
  readonly except?: string;
}

/** Chains with an end that nobody has named, newest first; what they say of it is on disk. */
function unnamedChains(
  folder: string,
  { firstHeads, named, except }: Known,
  log: Log,
): { readonly heads: readonly Head[]; readonly torn: readonly Torn[] } {
  const covered = new Map(named);
  const heads: Head[] = [];
  const torn: Torn[] = [];
  for (const file of [...chainFiles(folder)].reverse()) {
    try {
      const path = join(folder, file);
      for (const head of firstHeads(path)) covered.set(head.file, Math.max(head.end, covered.get(head.file) ?? 0));
      if (file === except || covered.get(file) === statSync(path).size) continue;
      const { link, end, rest } = readTail(path);
      makeDurable(path);
      if (link !== undefined && end !== covered.get(file))
        heads.push({ file, seq: link.seq, end, digest: link.digest });
      if (rest.length > 0) torn.push({ file, start: end, bytes: rest.length, digest: lineDigest(rest) });
    } catch {
      // A chain that cannot be read must not keep the log from being written; verify finds it.
      log.warn('cannot read a chain of the audit log', { file });
    }
  }
  return { heads, torn };
}

/**
 * What is named must outlive a failure of power, also where its own process has not synced it yet: else its loss would look
 * like a cut. Windows syncs only what is open for writing; there the writer's own sync has to do.
 */
function makeDurable(path: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(path, 'r');
  try {
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}

function headsOf(path: string): readonly Head[] {
  const first = readFirstLine(path);
  return first === undefined ? [] : listAt(parseLine(first), 'heads').flatMap((each) => parseHead(each) ?? []);
}

/**
 * The same again and again for checkpoints of one process: what its earlier checkpoints named is bound through its own chain, and
 * a first line is read once.
 */
export class Frontier {
  readonly #folder: string;
  readonly #log: Log;
  readonly #named = new Map<string, number>();
  readonly #first = new Map<string, readonly Head[]>();

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Heads of other chains that are to be named beside `own`, the oldest `most` of them. */
  others(own: Head, most: number): readonly Head[] {
    const firstHeads = (path: string): readonly Head[] => {
      const heads = this.#first.get(path) ?? headsOf(path);
      // One that names nobody may be one whose first line is being written.
      if (heads.length > 0) this.#first.set(path, heads);
      return heads;
    };
    const { heads } = unnamedChains(this.#folder, { firstHeads, named: this.#named, except: own.file }, this.#log);
    return [...heads].reverse().slice(0, most);
  }

  /** They stand in a line of our own chain that is on disk. */
  areNamed(heads: readonly Head[]): void {
    for (const { file, end } of heads) this.#named.set(file, end);
  }
}
