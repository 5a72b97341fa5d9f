import type { Approval, Vote } from '../domain/approval.ts';
import { brokenGlass } from '../domain/approval-exceptions.ts';
import { type FindPerson, isMet, tally } from '../domain/approval-state.ts';
import type { ChainedVote } from '../domain/audit-event.ts';
import type { Requirement } from '../domain/decision.ts';
import { CountersignError } from '../domain/errors.ts';
import { ident } from '../domain/masked.ts';
import { approvalLine } from './audit-lines.ts';
import { type Context, present } from './context.ts';
import type { Current } from './current.ts';
import { announce, close, current, end, reread } from './finish.ts';
import { refusalOf } from './refusals.ts';

/**
 * One winner, on disk. What the winner then finds against it (a deny that came in between, votes that the chain does not
 * have, time that ran out while it stood still) ends as failed: the approval is spent and nothing runs.
 */
export async function claim(ctx: Context, id: string, requirement: Requirement): Promise<Approval> {
  const before = await current(ctx, id);
  if (before.state !== 'approved') throw refusalOf(before);
  const counted = await catchUp(ctx, before);
  const now = await current(ctx, id);
  if (now.state !== 'approved') throw refusalOf(now);
  refuseUnsure(ctx, now, counted, requirement);
  if (!ctx.audit.healthy) throw new CountersignError('AuditUnavailable', 'the audit log cannot be written');
  const by = now.record.principal.agent;
  if (!(await end(ctx, now, { command: 'claim', by, because: '' }))) throw refusalOf(await current(ctx, id));
  const claimed = await reread(ctx, id);
  try {
    const chain = await ctx.auditReader.votes(id);
    const objection = objectionTo(ctx, claimed, chain, requirement, counted);
    if (objection !== undefined) throw new CountersignError('Denied', `Approval ${id} was not used: ${objection}`);
    await ctx.audit.append(
      approvalLine('ApprovalClaimed', claimed.record, {
        have: claimed.have,
        need: claimed.need,
        process: ident(ctx.state.process),
        breakGlass: brokenGlass(claimed.facts.votes) === undefined ? undefined : true,
      }),
    );
    const approval = await announce(ctx, claimed);
    // Again, and last: line and view may have waited for a slow disk, or this process stood still.
    if (ctx.clock.now() >= (claimed.useBy ?? 0))
      throw new CountersignError('ApprovalExpired', `Approval ${id} expired`);
    return approval;
  } catch (thrown) {
    await spoil(ctx, id, thrown instanceof CountersignError ? thrown.message : 'the claim could not be recorded');
    throw thrown;
  }
}

/** What was said and who of those may vote, as of now, before anything is decided by it. @throws Unavailable: nothing is claimed */
async function catchUp(ctx: Context, before: Current): Promise<FindPerson> {
  const approval = await present(ctx, before);
  for (const channel of ctx.channels) await channel.caughtUp(approval);
  if (ctx.people.current === undefined) return ctx.people.byId;
  // After the threads: whoever is heard only now is looked at too.
  const { facts } = await current(ctx, before.record.id);
  const unsure = await ctx.people.current(facts.votes);
  return (id) => (unsure.includes(id) ? undefined : ctx.people.byId(id));
}

/** Before anything is spent: a voter of whom nothing can be found out now does not count, and the others may be enough. */
function refuseUnsure(ctx: Context, { facts, record }: Current, counted: FindPerson, requirement: Requirement): void {
  const met = (asked: Requirement, people: FindPerson): boolean =>
    isMet(tally({ ...record, requirement: asked }, facts.votes, people));
  for (const asked of [record.requirement, requirement])
    if (met(asked, ctx.people.byId) && !met(asked, counted))
      throw new CountersignError('Unavailable', `whether those who approved ${record.id} still may is not known now`, {
        hint: 'try again in a moment; the approval stays',
      });
}

/** Why the claim must not run, or undefined. */
function objectionTo(
  ctx: Context,
  { facts, record, useBy }: Current,
  chain: readonly ChainedVote[],
  requirement: Requirement,
  counted: FindPerson,
): string | undefined {
  const deny = [...facts.votes, ...chain].find((vote) => vote.decision === 'deny');
  if (deny !== undefined) return `${deny.person} denied it`;
  if (useBy === undefined) return 'its approvals were taken back, or came too late';
  if (ctx.clock.now() >= useBy) return 'its time is over';
  const believed = inBoth(facts.votes, chain, record.planDigest);
  for (const [asked, whose] of [
    [record.requirement, 'it'],
    [requirement, 'the policy now'],
  ] as const) {
    const found = tally({ ...record, requirement: asked }, believed, counted);
    const { have, need } = found;
    if (!isMet(found)) return `${whose} needs ${need} and the audit log has ${have} approvals that count`;
  }
  return undefined;
}

/** Approves count only from file and chain together; what takes one back counts from either. */
function inBoth(files: readonly Vote[], chain: readonly ChainedVote[], planDigest: string): readonly Vote[] {
  const takenBack = (vote: Vote): boolean =>
    chain.some((each) => each.person === vote.person && each.decision === 'undo' && each.n > vote.n);
  return files.filter((vote) => {
    if (vote.decision !== 'approve') return true;
    const said = chain.some(
      (each) =>
        each.person === vote.person &&
        each.n === vote.n &&
        each.decision === 'approve' &&
        each.breakGlass === vote.breakGlass &&
        each.planDigest === planDigest,
    );
    return said && !takenBack(vote);
  });
}

/** Nothing was sent, and nothing will be. */
async function spoil(ctx: Context, id: string, because: string): Promise<void> {
  await ctx.store.settle(id, { command: 'fail', time: ctx.clock.now(), because });
  await close(ctx, await reread(ctx, id));
}
