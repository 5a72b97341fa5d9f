import { iso } from '../domain/environment.ts';
import { CountersignError, type ErrorCode } from '../domain/errors.ts';
import type { Current } from './current.ts';

const clockTime = (time: number): string => `${iso(time).slice(11, 19)}Z`;

/** Why this approval cannot be used: what ended it, by whom, and what its agent may do next. */
export function refusalOf({ record, facts, state, have, need }: Current): CountersignError {
  const { id } = record;
  const { ending } = facts;
  const refuse = (code: ErrorCode, message: string, hint: string): CountersignError =>
    new CountersignError(code, message, { hint });
  switch (state) {
    case 'pending':
    case 'approved':
      return refuse(
        'Denied',
        `approval ${id} has ${have} of ${need}, it is not approved`,
        `wait for it: approval ${id}`,
      );
    case 'denied': {
      const deny = facts.votes.find((vote) => vote.decision === 'deny');
      const comment = deny?.comment === undefined ? '' : ` Comment: "${deny.comment}".`;
      const by = `by ${deny?.person ?? ending?.by ?? 'a person'} at ${clockTime(ending?.time ?? record.createdAt)}`;
      return refuse('ApprovalDenied', `Denied ${by}. Approval ${id}.${comment}`, doWhatTheCommentAsks);
    }
    case 'expired':
      return refuse('ApprovalExpired', `Approval ${id} expired: it was not decided and used in time`, 'ask again');
    case 'withdrawn':
      return refuse(
        'ApprovalWithdrawn',
        `Approval ${id} was withdrawn by ${ending?.by}`,
        'ask again if it is still meant',
      );
    case 'drifted':
      return refuse(
        'PlanDrifted',
        `Approval ${id} does not fit any more: ${ending?.because}`,
        'check with dryRun; ask again',
      );
    default:
      return refuse(
        'Conflict',
        `Approval ${id} was used already (${state}); it is good for one run`,
        `call approval {"id":"${id}"} for its result`,
      );
  }
}

const doWhatTheCommentAsks =
  'do what the comment asks if you can, as a new call; else give the comment to the user word for word';

/** The same plan asks nobody while a denial of it stands. */
export function standingRefusal(denied: Current, until: number): CountersignError {
  const before = refusalOf({ ...denied, state: 'denied' });
  return new CountersignError(
    'ApprovalDenied',
    `${before.message} The same change gets this answer until ${clockTime(until)} and asks nobody.`,
    { hint: doWhatTheCommentAsks },
  );
}
