import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Vote } from '../domain/approval.ts';
import { brokenGlass } from '../domain/approval-exceptions.ts';
import { decodeVote } from './record.ts';
import { readIfThere } from './store.ts';

export interface Unreviewed {
  readonly approval: string;
  readonly vote: Vote;
}

/**
 * What was countersigned by break-glass and nobody else has looked at yet, oldest first, from the files alone: for who looks at
 * a state directory without opening it. `root` is the state directory.
 */
export async function unreviewedBreakGlass(root: string): Promise<readonly Unreviewed[]> {
  const base = join(root, 'approvals');
  const found: Unreviewed[] = [];
  for (const approval of await namesIn(base)) {
    const folder = join(base, approval);
    const names = await namesIn(folder);
    if (names.includes('reviewed')) continue;
    const votes: Vote[] = [];
    for (const name of names.filter((each) => /^[^.].*\.\d+$/.test(each))) {
      const vote = decodeVote((await readIfThere(join(folder, name))) ?? '');
      if (vote !== undefined) votes.push(vote);
    }
    const vote = brokenGlass(votes);
    if (vote !== undefined) found.push({ approval, vote });
  }
  return found.sort((a, b) => a.vote.time - b.vote.time);
}

/** What cannot be listed holds nothing that could be told. */
const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);
