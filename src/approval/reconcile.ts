import type { Approval, ReconcileRequest } from '../domain/approval.ts';
import { isOwner } from '../domain/approval-state.ts';
import { iso } from '../domain/environment.ts';
import { CountersignError, invalid } from '../domain/errors.ts';
import { ident } from '../domain/masked.ts';
import { requestTimeout } from '../domain/open-run.ts';
import { approvalLine } from './audit-lines.ts';
import { cleanComment } from './comment.ts';
import type { Context } from './context.ts';
import type { Current } from './current.ts';
import { announce, current, reread } from './finish.ts';
import { encode } from './record.ts';
import { whileSettling } from './settling.ts';
import { forgetSent } from './undecided.ts';

/** The line first, durable; then the file, once: who comes second is told what the first one found. */
export async function reconcile(ctx: Context, id: string, found: ReconcileRequest): Promise<Approval> {
  const because = cleanComment(ctx, found.because);
  checkFound(ctx, await current(ctx, id), found);
  if (because === undefined)
    throw invalid(`say how it is known what became of ${id}`, 'add a reason: what you looked at, and what you saw');
  await whileSettling(ctx, id, async () => {
    // Again: whoever had the turn before may have settled it.
    const now = await current(ctx, id);
    checkFound(ctx, now, found);
    await ctx.audit.append(await lineOf(ctx, now, found, because));
    const by = found.person?.id;
    const file = encode({ command: found.command, by, because, time: ctx.clock.now() });
    if (!(await ctx.store.put(id, 'reconciled', file))) throw known(await reread(ctx, id));
  });
  await forgetSent(ctx, id);
  return announce(ctx, await reread(ctx, id));
}

async function lineOf(ctx: Context, now: Current, { command, person }: ReconcileRequest, because: string) {
  const line = approvalLine('Reconciled', now.record, {
    state: ident(command === 'succeed' ? 'executed' : 'failed'),
    by: ident(person?.id ?? ctx.state.process),
    comment: ctx.masker.echo(because),
  });
  return { ...line, invocation: await invocationOf(ctx, now) };
}

/** The call that ran it, which need not be the one that asked: where its process died the log has it open. */
async function invocationOf(ctx: Context, { record }: Current): Promise<string> {
  const open = await ctx.auditReader.openIntents();
  return open.find(({ approval }) => approval === record.id)?.invocation ?? record.invocation;
}

/** @throws Invalid, ApprovalDenied */
function checkFound(ctx: Context, now: Current, { person, command }: ReconcileRequest): void {
  const { record, facts, state } = now;
  if (state !== 'unknown' || facts.outcome === undefined) throw known(now);
  const registered = person && ctx.people.byId(person.id);
  if (person !== undefined && registered === undefined)
    throw invalid(`${person.id} is not in the people registry, so it does not count`, 'add a record under people');
  if (registered !== undefined && isOwner(registered, record.principal) && !record.requirement.ownerMay)
    throw new CountersignError('ApprovalDenied', `${registered.id} cannot settle ${record.id}: somebody else has to`, {
      hint: 'the person behind the agent does not say what became of what the agent asked',
    });
  const until = facts.outcome.time + requestTimeout;
  if (command === 'fail' && ctx.clock.now() < until)
    throw invalid(
      `too early: until ${iso(until).slice(11, 19)}Z the API server may still be at ${record.id}`,
      'look at the objects again then',
    );
}

const known = ({ record, state, facts: { reconciled } }: Current): CountersignError =>
  invalid(
    `${record.id} is ${state}${reconciled === undefined ? '' : `, as ${reconciled.by ?? 'Countersign'} found out`}: only what is unknown is settled`,
  );
