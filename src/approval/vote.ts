import { type Approval, isOpen, type Vote, type VoteRequest } from '../domain/approval.ts';
import { invalid } from '../domain/errors.ts';
import { voteLine } from './audit-lines.ts';
import { cleanComment } from './comment.ts';
import { type Context, present } from './context.ts';
import type { Current } from './current.ts';
import { announce, current, end } from './finish.ts';
import { checkPerson, checkSequence, lastVote } from './voter.ts';

/** The line in the audit log first, durable; then the file; then, for a deny, the end. */
export async function vote(ctx: Context, id: string, asked: VoteRequest): Promise<Approval> {
  const now = await current(ctx, id);
  // A thread is read more than once: what was heard before is neither a fault nor a second vote.
  if (isRecorded(now, asked)) return present(ctx, now);
  refuseLate(now, id);
  const selfApproved = checkPerson(ctx, now, asked);
  checkCode(now, asked);
  const comment = cleanComment(ctx, asked.comment);
  for (let before = now; ; before = await current(ctx, id)) {
    if (isRecorded(before, asked)) return present(ctx, before);
    const last = lastVote(before, asked.person.id);
    checkSequence(asked, last);
    const n = (last?.n ?? 0) + 1;
    await ctx.audit.append(
      voteLine(now.record, asked, n, comment === undefined ? undefined : ctx.masker.echo(comment), selfApproved),
    );
    const { person, decision, channel, source, saidAt, breakGlass } = asked;
    const time = ctx.clock.now();
    const file: Vote = {
      person: person.id,
      decision,
      comment,
      time,
      channel,
      ...(source === undefined ? {} : { source }),
      ...(saidAt === undefined ? {} : { saidAt: Math.min(saidAt, time) }),
      ...(breakGlass === true ? { breakGlass } : {}),
      n,
    };
    // Taken: the same person voted through another process at this moment; look again and take the next number.
    if (await ctx.store.vote(id, file)) break;
  }
  if (asked.decision === 'deny') await end(ctx, now, { command: 'deny', by: asked.person.id, because: comment ?? '' });
  const after = await current(ctx, id);
  refuseLate(after, id, asked.decision);
  return announce(ctx, after);
}

const isRecorded = ({ facts }: Current, { source }: VoteRequest): boolean =>
  source !== undefined && facts.votes.some((each) => each.source === source);

/** A wrong code is meant for another approval, also where none is obligatory. A deny or an undo only stops. @throws Invalid */
function checkCode({ record }: Current, { decision, code }: VoteRequest): void {
  const { id, requirement } = record;
  if (decision !== 'approve' || code === id || (code === undefined && !requirement.confirmCode)) return;
  throw invalid(
    code === undefined
      ? `the rule of ${id} wants its code repeated with an approve`
      : `the code ${JSON.stringify(code.slice(0, 20))} is not that of this approval`,
    `write: approve ${id}`,
  );
}

/** A vote that the end was faster than is not shown as one that counted. */
function refuseLate({ state, facts }: Current, id: string, decision?: Vote['decision']): void {
  if (isOpen(state) || (decision === 'deny' && state === 'denied')) return;
  // Taken back when the time to decide was over: then it ends with that, and is what its voter wanted.
  if (decision === 'undo' && state === 'expired') return;
  const claimed = facts.ending?.command === 'claim';
  throw invalid(
    claimed ? `too late: approval ${id} is in use already (${state})` : `too late: approval ${id} is ${state} already`,
    `see how it ended: countersign approvals show ${id}`,
  );
}
