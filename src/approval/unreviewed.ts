import { join } from 'node:path';
import type { Vote } from '../domain/approval.ts';
import { brokenGlass } from '../domain/approval-exceptions.ts';
import { eachInTurn, namesIn, readIfThere } from './files.ts';
import { decodeVote } from './record.ts';

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
  await eachInTurn(namesInOr(base), async (approval) => {
    const folder = join(base, approval);
    const names = namesInOr(folder);
    if (names.includes('reviewed')) return;
    const votes = names
      .filter((name) => /^[^.].*\.\d+$/.test(name))
      .map((name): Vote | undefined => decodeVote(readIfThere(join(folder, name)) ?? ''))
      .filter((vote) => vote !== undefined);
    const vote = brokenGlass(votes);
    if (vote !== undefined) found.push({ approval, vote });
  });
  return found.sort((a, b) => a.vote.time - b.vote.time);
}

/** What cannot be listed holds nothing that could be told. */
function namesInOr(folder: string): readonly string[] {
  try {
    return namesIn(folder) ?? [];
  } catch {
    return [];
  }
}
