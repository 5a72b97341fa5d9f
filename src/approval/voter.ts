import type { Person, Vote, VoteRequest } from '../domain/approval.ts';
import { escalatedTo, mayBreakGlass } from '../domain/approval-exceptions.ts';
import { belongsToAny, isOwner } from '../domain/approval-state.ts';
import { CountersignError, invalid } from '../domain/errors.ts';
import type { Context } from './context.ts';
import type { Current } from './current.ts';

/** Characters that a break-glass reason has at least: somebody else has to understand it later. */
const shortestReason = 10;

/** Whether it is the owner's own approve, which the log marks. @throws Invalid, ApprovalDenied saying why it does not count */
export function checkPerson(ctx: Context, now: Current, asked: VoteRequest): boolean {
  const { person, decision } = asked;
  const known = ctx.people.byId(person.id);
  if (known === undefined)
    throw invalid(
      `${person.id} is not in the people registry, or suspended, so the vote does not count`,
      'add a record under people; who is suspended: countersign principals list',
    );
  const { requirement, principal, id } = now.record;
  const owner = isOwner(known, principal);
  // Their own agent people may always stop, and take back what they gave.
  if (owner && decision === 'deny') return false;
  if (asked.breakGlass === true) checkBreakGlass(now, known, asked);
  else if (decision === 'undo' && lastVote(now, known.id)?.breakGlass === true) return false;
  else if (owner && !requirement.ownerMay)
    throw new CountersignError(
      'ApprovalDenied',
      `${known.id} is the person behind ${principal.agent} and cannot approve ${id}`,
      { hint: 'somebody else has to countersign it' },
    );
  else checkPlace(now, known, givenAt(asked, ctx.clock.now()));
  return owner && decision === 'approve';
}

/** An approve goes by when it was said; what stops goes by now, which is when most may. */
const givenAt = ({ decision, saidAt }: VoteRequest, now: number): number =>
  decision === 'approve' ? Math.min(saidAt ?? now, now) : now;

function checkPlace({ record }: Current, person: Person, saidAt: number): void {
  const { requirement, id } = record;
  if (belongsToAny(requirement, person, escalatedTo(record, saidAt))) return;
  throw new CountersignError('ApprovalDenied', `${person.id} is in none of the groups that ${id} is waiting for`, {
    hint: `it needs ${requirement.slots.map((slot) => `${slot.count} from ${slot.group ?? 'anybody'}`).join(' and ')}`,
  });
}

function checkBreakGlass({ record }: Current, person: Person, { decision, comment }: VoteRequest): void {
  const { requirement, id } = record;
  const refused = (message: string, hint: string) => new CountersignError('ApprovalDenied', message, { hint });
  if (decision !== 'approve') throw invalid('break-glass only countersigns; a deny or an undo needs none');
  if (requirement.breakGlass === undefined)
    throw refused(
      `there is no break-glass for ${id}: not every rule that asks names one`,
      'an operator may name one in require.breakGlass of a rule, before it is needed',
    );
  if (!mayBreakGlass(requirement, person))
    throw refused(
      `${person.id} cannot break the glass of ${id}`,
      `who may is in ${requirement.breakGlass.groups.join(' and in ')}`,
    );
  if ((comment?.trim().length ?? 0) < shortestReason)
    throw invalid(
      `break-glass needs a reason of at least ${shortestReason} characters`,
      `write: countersign approvals break-glass ${id} REASON`,
    );
}

export function checkSequence({ person, decision, breakGlass }: VoteRequest, last: Vote | undefined): void {
  const again = last?.decision === 'approve' && (breakGlass !== true || last.breakGlass === true);
  if (decision === 'approve' && again)
    throw invalid(`${person.id} has approved it already; one person counts once`, 'to take it back: undo');
  if (decision === 'undo' && last?.decision !== 'approve')
    throw invalid(`${person.id} has no approve that could be taken back`);
}

export const lastVote = ({ facts }: Pick<Current, 'facts'>, person: string): Vote | undefined =>
  facts.votes
    .filter((each) => each.person === person)
    .reduce<Vote | undefined>((last, each) => (last === undefined || each.n > last.n ? each : last), undefined);
