import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CountersignError } from '../../domain/errors.ts';
import type { State } from '../../domain/state.ts';
import { once, readIfThere } from '../files.ts';

/**
 * What was heard and made no vote, so that it is answered once and never counts later, when a thread is read again: an approve
 * that was refused stays refused. Votes that counted carry their source themselves.
 */
export interface HeardStore {
  has(approval: string, what: string): Promise<boolean>;
  /** False: it was marked before, perhaps by another process. */
  mark(approval: string, what: string): Promise<boolean>;
  /** All that was marked of an approval. */
  names(approval: string): Promise<readonly string[]>;
  /** Forgets the approvals that `keep` does not know. */
  sweep(keep: (approval: string) => Promise<boolean>): Promise<void>;
}

/** A time stamp of a message, or one of our own words. */
const nameForm = /^[A-Za-z0-9][A-Za-z0-9.-]{0,60}$/;

function checked(what: string): string {
  if (!nameForm.test(what)) throw new CountersignError('Invalid', 'Slack sent a time stamp that is none');
  return what;
}

export function createHeardStore(state: Pick<State, 'folder' | 'createExclusive'>): HeardStore {
  const base = once(() => state.folder('slack-heard'));
  return {
    has: async (approval, what) => readIfThere(join(await base(), approval, checked(what))) !== undefined,
    mark: async (approval, what) =>
      state.createExclusive(join(await state.folder('slack-heard', approval), checked(what)), ''),
    names: async (approval) =>
      readdir(join(await base(), approval)).catch((thrown: unknown) => {
        if (isNotThere(thrown)) return [];
        throw thrown;
      }),
    sweep: async (keep) => {
      const folder = await base();
      for (const approval of await readdir(folder))
        if (!(await keep(approval))) await rm(join(folder, approval), { recursive: true, force: true });
    },
  };
}

const isNotThere = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
