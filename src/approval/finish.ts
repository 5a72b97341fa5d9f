import type { Approval } from '../domain/approval.ts';
import type { Ending } from '../domain/approval-state.ts';
import { ident } from '../domain/masked.ts';
import { approvalLine } from './audit-lines.ts';
import { type Context, notFound, present } from './context.ts';
import { type Current, derive } from './current.ts';

/** The approval now, with what follows from votes or time (a denial, an expiry) written down first. @throws NotFound */
export async function current(ctx: Context, id: string): Promise<Current> {
  const found = await derive(ctx, id);
  if (found === undefined) throw notFound(id);
  if (found.due === undefined) return found;
  const deny = found.facts.votes.find((vote) => vote.decision === 'deny');
  if (found.due === 'deny' && deny !== undefined)
    await end(ctx, found, { command: 'deny', by: deny.person, because: deny.comment ?? '' });
  else
    await end(ctx, found, { command: 'expire', by: ctx.state.process, because: 'nobody decided or used it in time' });
  return reread(ctx, id);
}

export async function reread(ctx: Context, id: string): Promise<Current> {
  const found = await derive(ctx, id);
  if (found === undefined) throw notFound(id);
  return found;
}

/** Links the one end of the waiting. False: another end was first. A claim says itself what follows. */
export async function end(
  ctx: Context,
  { record }: Current,
  ending: Omit<Ending, 'time' | 'process'>,
): Promise<boolean> {
  const { id } = record;
  const whole = { ...ending, time: ctx.clock.now(), process: ctx.state.process };
  if (!(await ctx.store.end(id, whole))) return false;
  if (ending.command !== 'claim') await close(ctx, await reread(ctx, id));
  return true;
}

/**
 * After an end: its line, then the input is wiped. The input that is still there tells `recover` that a killed process did
 * not get so far.
 */
export async function close(ctx: Context, ended: Current): Promise<void> {
  const { record, facts, state } = ended;
  const because = facts.outcome?.because ?? facts.ending?.because ?? '';
  try {
    await ctx.audit.append(
      approvalLine('ApprovalClosed', record, {
        state: ident(state),
        by: ident(facts.ending?.by ?? ctx.state.process),
        comment: because === '' ? undefined : ctx.masker.echo(because),
      }),
    );
    await ctx.store.wipeInput(record.id);
  } catch (thrown) {
    // The end stands whatever happens to its line; recovery writes the line later.
    ctx.log.error('the end of an approval is not in the audit log yet', { approval: record.id, cause: String(thrown) });
  }
  await announce(ctx, ended);
}

/** Tells who waits here, then the view, by which other processes hear of it, and the channels. */
export async function announce(ctx: Context, now: Current): Promise<Approval> {
  ctx.waits.changed(now.record.id);
  await ctx.index.refresh(now);
  return shown(ctx, now);
}

async function shown(ctx: Context, now: Current): Promise<Approval> {
  const approval = await present(ctx, now);
  tell(ctx, approval, 'update');
  return approval;
}

/**
 * The same for what has run: its answer waits for nobody who only looks. Views are written one after the other.
 */
export function announceSoon(ctx: Context, now: Current): Promise<Approval> {
  ctx.waits.changed(now.record.id);
  void ctx.index.refresh(now);
  return shown(ctx, now);
}

/** A channel that is down delivers later; nobody waits for it here. */
export function tell(ctx: Context, approval: Approval, what: 'post' | 'update'): void {
  for (const channel of ctx.channels)
    channel[what](approval).catch((thrown: unknown) => {
      ctx.log.warn('an approval channel did not take a message', { channel: channel.name, cause: String(thrown) });
    });
}
