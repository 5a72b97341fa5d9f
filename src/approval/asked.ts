import { createHash } from 'node:crypto';
import { rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ApprovalDraft } from '../domain/approval.ts';
import { canonicalJson } from '../domain/canonical.ts';
import type { State } from '../domain/state.ts';
import { namesIn, once, readIfThere } from './files.ts';
import { json } from './record.ts';

/** Who asked, and by which process: only a dead one's is passed over while its approval is not there yet. */
export interface Turn {
  readonly approval: string;
  readonly process: string;
}

type Question = Pick<ApprovalDraft, 'principal' | 'callDigest' | 'planDigest'>;

/**
 * One file for each time that the same plan of the same call was asked, numbered and made exclusively: of several processes
 * that ask in one moment one has the turn, and the others take its approval. After a failure of power none of them is asking.
 */
export interface Asked {
  /** The last turn, and the number of the next one. */
  last(question: Question): Promise<{ readonly turn: Turn | undefined; readonly next: number }>;
  /** False: somebody else has this number. */
  take(question: Question, number: number, approval: string): Promise<boolean>;
  /** After a turn that came to nothing, or when its approval is moved away. */
  forget(question: Question, approval: string): Promise<void>;
}

const turnSchema = z.object({ approval: z.string(), process: z.string() });

export function createAsked(state: State): Asked {
  const base = once(() => state.folder('approvals-asked'));
  const folderOf = async (question: Question): Promise<string> => join(await base(), keyOf(question));
  const read = (folder: string, number: string): Turn | undefined =>
    turnSchema.safeParse(json(readIfThere(join(folder, number)) ?? '')).data;
  return {
    last: async (question) => {
      const folder = await folderOf(question);
      const highest = Math.max(0, ...numbersIn(folder).map(Number));
      return { turn: highest === 0 ? undefined : read(folder, String(highest)), next: highest + 1 };
    },
    take: async (question, number, approval) =>
      state.mark(join(await folderOf(question), String(number)), JSON.stringify({ approval, process: state.process })),
    forget: async (question, approval) => {
      const folder = await folderOf(question);
      for (const number of numbersIn(folder))
        if (read(folder, number)?.approval === approval) await unlink(join(folder, number)).catch(() => undefined);
      // Only an empty one goes.
      await rmdir(folder).catch(() => undefined);
    },
  };
}

const numbersIn = (folder: string): readonly string[] =>
  (namesIn(folder) ?? []).filter((name) => /^[1-9]\d*$/.test(name));

const keyOf = ({ principal, callDigest, planDigest }: Question): string => {
  const { issuer, subject, agent } = principal;
  return createHash('sha256').update(canonicalJson({ issuer, subject, agent, callDigest, planDigest })).digest('hex');
};
