import type { Approval, Person, Vote } from './approval.ts';
import type { Requirement } from './decision.ts';

/** The two ways around the places of a requirement: a group that is asked too after a while, and breaking the glass. */

type Asked = Pick<Approval, 'requirement' | 'createdAt'>;

/**
 * Groups that are asked too by `now`, because it was not decided for so long: an approve that one of their members gives from
 * then on fills any place. `now` in milliseconds since the epoch; whether it is still undecided says its state.
 */
export const escalatedTo = ({ requirement, createdAt }: Asked, now: number): readonly string[] =>
  (requirement.escalation ?? [])
    .filter(({ afterSeconds }) => now >= createdAt + afterSeconds * 1_000)
    .map(({ group }) => group);

/** Groups that are asked too at some time before the approval expires. */
export const escalatesTo = ({ escalation = [], decideWithinSeconds }: Requirement): readonly string[] =>
  escalation.filter(({ afterSeconds }) => afterSeconds < decideWithinSeconds).map(({ group }) => group);

export const isInAny = (person: Person, groups: readonly string[]): boolean =>
  groups.some((group) => person.groups.includes(group));

/** Whether this person may countersign alone: every rule that asks names a break-glass group, and they are in all of them. */
export const mayBreakGlass = ({ breakGlass }: Requirement, person: Person): boolean =>
  breakGlass !== undefined &&
  breakGlass.groups.length > 0 &&
  breakGlass.groups.every((group) => person.groups.includes(group));

/** Each person's vote that counts: the one with the highest number. */
export function lastVotes(votes: readonly Vote[]): readonly Vote[] {
  const last = new Map<string, Vote>();
  for (const vote of votes) if (vote.n >= (last.get(vote.person)?.n ?? 0)) last.set(vote.person, vote);
  return [...last.values()];
}

/** The break-glass vote that stands, if any: who countersigned alone, and in its comment why. Every surface shows it. */
export const brokenGlass = (votes: readonly Vote[]): Vote | undefined =>
  lastVotes(votes).find(({ decision, breakGlass }) => decision === 'approve' && breakGlass === true);
