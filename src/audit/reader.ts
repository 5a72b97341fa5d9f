import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditReader, ChainedVote } from '../domain/audit-event.ts';
import type { Log } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { chainFiles, stands } from './chain-files.ts';
import { ChainIndex } from './chain-index.ts';

export interface AuditReaderOptions {
  /** `<state>/audit` */
  readonly folder: string;
  readonly log: Log;
}

/**
 * Reads all chains of the folder as they are when it is asked, those of other processes too. What was read and checked once
 * is remembered: the first question reads everything, the next ones what was written since.
 */
export function createAuditReader({ folder, log }: AuditReaderOptions): AuditReader {
  const chains = new Map<string, ChainIndex>();
  let reading: Promise<void> = Promise.resolve();
  const refreshed = (): Promise<void> => {
    // One after the other: two that advance the same index would read lines twice.
    reading = reading
      .catch(() => undefined)
      .then(() => refresh(folder, chains, log))
      .catch((cause: unknown) => {
        throw broken(cause);
      });
    return reading;
  };
  return {
    votes: async (approval) => {
      await refreshed();
      return [...chains.values()].flatMap((chain): readonly ChainedVote[] => chain.votes.get(approval) ?? []);
    },
    runOf: async (approval) => {
      await refreshed();
      const all = [...chains.values()];
      const here = all.flatMap((chain) => chain.ended.get(approval) ?? []);
      const authorized = all.flatMap((chain) => [...chain.open]).find(([, of]) => of === approval);
      const elsewhere = authorized && all.flatMap((chain) => chain.closedElsewhere.get(authorized[0]) ?? []);
      return here.at(-1) ?? elsewhere?.at(-1);
    },
    openIntents: async () => {
      await refreshed();
      const all = [...chains.values()];
      return all
        .flatMap((chain) => [...chain.open].map(([invocation, approval]) => ({ invocation, approval })))
        .filter(({ invocation }) => !all.some((chain) => chain.closedElsewhere.has(invocation)));
    },
  };
}

async function refresh(folder: string, chains: Map<string, ChainIndex>, log: Log): Promise<void> {
  // A chain that was archived in the meantime stays as it was read.
  for (const file of chainFiles(folder)) await advance(folder, file, chains, log);
}

async function advance(folder: string, file: string, chains: Map<string, ChainIndex>, log: Log): Promise<void> {
  const known = chains.get(file);
  const { size } = statSync(join(folder, file));
  if (known?.offset === size) return;
  if (known !== undefined && size > known.offset) {
    try {
      await known.advance();
      return;
    } catch {
      // Its writer may have taken a failed batch back that was read already: read it from its begin, and believe that.
    }
  }
  chains.delete(file);
  const fresh = new ChainIndex(folder, file);
  await fresh.advance();
  chains.set(file, fresh);
  if (known === undefined) warnOfMissing(folder, fresh, log);
}

/** Chains may be archived, so this only tells; verify calls it a fault. What is missing can only take votes away. */
function warnOfMissing(folder: string, chain: ChainIndex, log: Log): void {
  for (const head of chain.heads) {
    const there = attempt(() => stands(join(folder, head.file), head));
    if (there !== true) log.warn('a chain of the audit log is not as a later one names it', { file: head.file });
  }
}

const attempt = (check: () => boolean): boolean | undefined => {
  try {
    return check();
  } catch {
    return undefined;
  }
};

const broken = (cause: unknown): CountersignError =>
  new CountersignError(
    'AuditUnavailable',
    `the audit log does not hold together: ${cause instanceof Error ? cause.message : 'it cannot be read'}`,
    { hint: 'run countersign audit verify, and look for who changed the log', cause },
  );
