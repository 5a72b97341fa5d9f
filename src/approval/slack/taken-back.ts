import type { Approval, Vote } from '../../domain/approval.ts';
import type { HeardStore } from './heard.ts';

interface Author {
  readonly user: string;
  /** Their record, if there is one. */
  readonly person: string | undefined;
  /** When they said it: Slack's time stamp. */
  readonly ts: string;
}

/** Whether its author took an approve back after they said it: Slack may deliver it after its undo, or once more. */
export async function isTakenBack(
  heard: Pick<HeardStore, 'names'>,
  { id, votes }: Pick<Approval, 'id' | 'votes'>,
  { user, person, ts }: Author,
): Promise<boolean> {
  const counted = votes.some((each) => each.decision === 'undo' && each.person === person && isNotBefore(each, ts));
  if (counted) return true;
  const prefix = undoMark(user, '');
  return (await heard.names(id)).some((name) => name.startsWith(prefix) && name.slice(prefix.length) >= ts);
}

/** An undo that found nothing is remembered under this: the approve that it meant may still be on its way. */
export const undoMark = (user: string, ts: string): string => `undo-${user}-${ts}`;

/** Whether the last thing that this person said is an approve in Slack before `ts`, which an undo of then was too early for. */
export function stillApproves(votes: readonly Vote[], person: string | undefined, ts: string): boolean {
  const own = votes.filter((each) => each.person === person).toSorted((a, b) => a.n - b.n);
  const last = own.at(-1);
  const at = last?.decision === 'approve' ? tsOf(last) : undefined;
  return at !== undefined && at < ts;
}

/** Milliseconds since the epoch. */
export const timeOf = (ts: string): number => Number(ts) * 1_000;

/** Slack's stamps are compared with one another, because its clock is not ours. */
function isNotBefore(vote: Vote, ts: string): boolean {
  const at = tsOf(vote);
  return at === undefined ? vote.time >= timeOf(ts) : at >= ts;
}

/** Undefined: it was not said in Slack, or by words that were edited into it at a time that is not known. */
const tsOf = ({ source }: Vote): string | undefined => /^slack:[^/]+\/(\d+\.\d+)$/.exec(source ?? '')?.[1];
