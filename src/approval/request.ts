import { setTimeout as delay } from 'node:timers/promises';
import type { Approval, ApprovalDraft } from '../domain/approval.ts';
import { enoughPeople, needsInWords } from '../domain/approval-state.ts';
import { newApprovalId } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { ident } from '../domain/masked.ts';
import type { Principal } from '../domain/principal.ts';
import type { Turn } from './asked.ts';
import { approvalLine } from './audit-lines.ts';
import { type Context, present } from './context.ts';
import { type Current, derive } from './current.ts';
import { current, reread, tell } from './finish.ts';
import { type Fixed, isFinal, isOf } from './listing.ts';
import { recordOf } from './record.ts';
import { standingRefusal } from './refusals.ts';
import type { View } from './view.ts';

export const inputPurpose = (id: string): string => `approval-input:${id}`;

/** Asks, unless somebody was asked the same already, may not be asked again yet, or nobody can be asked. */
export async function request(ctx: Context, draft: ApprovalDraft): Promise<Approval> {
  const { principal, planDigest, callDigest } = draft;
  const ofPlan = await ctx.index.find((row) => row.planDigest === planDigest && isOf(row, principal));
  const same = ofPlan.find((view) => !isFinal(view.state) && view.callDigest === callDigest);
  if (same !== undefined) {
    const found = await current(ctx, same.id);
    if (!isFinal(found.state)) return present(ctx, found);
  }
  const denied = await findDenial(ctx, principal, planDigest, ofPlan);
  if (denied !== undefined) throw standingRefusal(denied, denialUntil(ctx, denied));
  refuseUnaskable(ctx, draft);
  const isOwners = (row: Fixed): boolean => principal.person !== undefined && row.person === principal.person;
  const known = await ctx.index.known((row, isOver) => isOf(row, principal) || (!isOver && isOwners(row)));
  await refuseTooMany(ctx, principal, known);
  refuseTooOften(ctx, principal, known);
  return ask(ctx, draft);
}

/** The last denial of this plan that still stands. A claim that met a denial on its way counts as one. */
export async function findDenial(
  ctx: Context,
  principal: Principal,
  planDigest: string,
  rows?: readonly View[],
): Promise<Current | undefined> {
  const isAsked = (row: Fixed): boolean => row.planDigest === planDigest && isOf(row, principal);
  const views = (rows ?? (await ctx.index.find(isAsked))).filter(isAsked);
  const since = ctx.clock.now() - ctx.limits.denialStandsMinutes * 60_000;
  const found = views.findLast(
    (view) =>
      view.denied &&
      (view.state === 'denied' || view.state === 'failed') &&
      (view.endedAt ?? Number.POSITIVE_INFINITY) > since,
  );
  return found && current(ctx, found.id);
}

const denialUntil = (ctx: Context, { facts, record }: Current): number =>
  (facts.outcome?.time ?? facts.ending?.time ?? record.createdAt) + ctx.limits.denialStandsMinutes * 60_000;

/** Never a wait for nobody: enough people must be there, and a place where they are asked. */
function refuseUnaskable(ctx: Context, { principal, requirement }: ApprovalDraft): void {
  const refuse = (message: string, hint: string): never => {
    throw new CountersignError('ApprovalDenied', message, { hint });
  };
  const needs = needsInWords(requirement, 0);
  // Who is behind the agent must be known, or that person could countersign. Where the rule lets them, it does not matter.
  if (principal.person === undefined && !requirement.ownerMay)
    refuse(
      `nobody was asked: this waits for a person (${needs}), and it is not known which person is behind ${principal.agent}`,
      'tell the operator to name that person under people (osUsers, or subjects) in the configuration',
    );
  const channels = ctx.channels.map((channel) => channel.reachable());
  const reachable = new Set(channels.flatMap(({ people }) => people));
  const registered = ctx.people.all();
  const notTheOwner = requirement.ownerMay ? '' : ' (the person behind the agent does not count)';
  if (!enoughPeople(requirement, registered, principal))
    refuse(
      `nobody was asked: this needs ${needs}, and the people registry does not have that many who may approve it${notTheOwner}`,
      'tell the operator to add people with these groups under people in the configuration',
    );
  if (enoughPeople(requirement, [...reachable], principal)) return;
  const hints = channels.map(({ hint }) => hint);
  refuse(
    `nobody was asked: this needs ${needs}, and there is no place where that many who may approve it can be asked${notTheOwner}`,
    `tell the operator: ${hints.length === 0 ? 'configure an approval channel' : hints.join('; or ')}`,
  );
}

/** As long as fewer were open when they were seen last than may be, none is looked at: then asking costs the same beside many. */
async function refuseTooMany(ctx: Context, principal: Principal, known: readonly View[]): Promise<void> {
  const { openPerAgent, openPerOwner } = ctx.limits;
  const isOpenRow = ({ state }: View): boolean => state === 'pending' || state === 'approved';
  const seen = known.filter(isOpenRow);
  const most = seen.filter((view) => isOf(view, principal)).length;
  if (most < openPerAgent && seen.length < openPerOwner) return;
  const ids = new Set(seen.map(({ id }) => id));
  const open = (await ctx.index.find(({ id }) => ids.has(id))).filter(isOpenRow);
  const ofAgent = open.filter((view) => isOf(view, principal));
  const ofOwner = principal.person === undefined ? [] : open.filter((view) => view.person === principal.person);
  const [many, whose] =
    ofAgent.length >= openPerAgent
      ? [ofAgent, `${principal.agent} has`]
      : ofOwner.length >= openPerOwner
        ? [ofOwner, `the agents of ${principal.person} have`]
        : [[], ''];
  if (many.length === 0) return;
  const own = ofAgent.map((view) => view.id);
  throw new CountersignError('RateLimited', `${whose} ${many.length} open approvals, which is the most at once`, {
    hint:
      own.length === 0
        ? 'wait until some of them are decided'
        : `go on with one of them, or withdraw one, with approval: ${own.join(', ')}`,
  });
}

const hour = 3_600_000;

/** One that asks and withdraws over and over never has many open: it fills the disk, and the people's channel. */
function refuseTooOften(ctx: Context, principal: Principal, views: readonly View[]): void {
  const now = ctx.clock.now();
  const { askedPerHour } = ctx.limits;
  const asked = views.filter((view) => isOf(view, principal) && Math.abs(now - view.createdAt) < hour);
  const last = asked.at(-askedPerHour);
  if (last === undefined) return;
  const minutes = Math.max(1, Math.ceil((last.createdAt + hour - now) / 60_000));
  throw new CountersignError(
    'RateLimited',
    `${principal.agent} has asked for ${asked.length} approvals within an hour, and ${askedPerHour} is the most`,
    { hint: `wait ${minutes} minutes; then ask for several objects in one call` },
  );
}

/** Asks, or takes the approval of another process that asks the same in this moment. */
async function ask(ctx: Context, draft: ApprovalDraft): Promise<Approval> {
  const id = await reserve(ctx);
  const other = await takeTurn(ctx, draft, id);
  if (other !== undefined) {
    await ctx.store.giveBack(id);
    return present(ctx, other);
  }
  const record = recordOf(id, ctx.clock.now(), draft);
  const { slots, breakGlass } = draft.requirement;
  try {
    await ctx.audit.append(
      approvalLine('ApprovalRequested', record, {
        need: slots.reduce((sum, slot) => sum + slot.count, 0),
        callDigest: ident(draft.callDigest),
        // So that whoever checks the log knows that one person alone could be enough.
        breakGlassGroups: breakGlass?.groups.map(ident),
      }),
    );
    await ctx.store.create(record, ctx.state.seal(JSON.stringify(draft.input), inputPurpose(id)));
  } catch (thrown) {
    await ctx.store.giveBack(id);
    await ctx.asked.forget(draft, id);
    throw thrown;
  }
  const asked = await reread(ctx, id);
  await ctx.index.refresh(asked);
  const approval = await present(ctx, asked);
  tell(ctx, approval, 'post');
  return approval;
}

/** Undefined: the turn is ours. */
async function takeTurn(ctx: Context, draft: ApprovalDraft, id: string): Promise<Current | undefined> {
  for (;;) {
    const { turn, next } = await ctx.asked.last(draft);
    // One that cannot be read is of no use to anybody: it is asked anew.
    const other = turn && (await askedBy(ctx, turn).catch(() => undefined));
    if (other !== undefined && !isFinal(other.state)) return other;
    if (await ctx.asked.take(draft, next, id)) return undefined;
  }
}

/** Milliseconds between two looks for an approval that another process is just asking, and after how many it is passed over. */
const look = { every: 20, times: 250 };

/** The approval of this turn, as soon as it is there. Undefined: its process died or failed before it had asked. */
async function askedBy(ctx: Context, { approval, process }: Turn): Promise<Current | undefined> {
  for (let times = 0; times < look.times; times++) {
    const found = await derive(ctx, approval);
    if (found !== undefined) return found.due === undefined ? found : current(ctx, approval);
    if (!(await ctx.store.isReserved(approval)) || !(await ctx.state.isAlive(process))) return undefined;
    await delay(look.every);
  }
  return undefined;
}

async function reserve(ctx: Context): Promise<string> {
  for (;;) {
    const id = newApprovalId(ctx.random);
    if (!(await ctx.store.reserve(id))) continue;
    await ctx.roll.add(id);
    return id;
  }
}
