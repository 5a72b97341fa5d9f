import type { ApprovalState } from '../domain/approval.ts';
import type { RunEnd } from '../domain/audit-event.ts';
import type { Json } from '../domain/json.ts';
import type { Context } from './context.ts';
import type { Current } from './current.ts';
import { close, current, end, reread } from './finish.ts';
import { isFinal } from './listing.ts';
import { type ApprovalDeps, createContext } from './service.ts';
import { keepResult, keptResult } from './settle.ts';

export interface RecoveryDeps extends ApprovalDeps {
  /**
   * Whether the audit log has an Authorized line for this approval. Where it has none nothing was sent, and the claim failed;
   * where that is not known the outcome is unknown.
   */
  readonly wasAuthorized?: (approval: string) => Promise<boolean>;
  /** What the agent of a lost run is handed out as its result: the process died with the answer. */
  readonly lostResult?: (lost: { readonly id: string; readonly cluster: string; readonly command: RunCommand }) => Json;
}

type RunCommand = 'succeed' | 'fail' | 'lose';

export interface Recovered {
  readonly approval: string;
  readonly invocation: string;
  readonly state: ApprovalState;
}

/**
 * At start: settles the claims of dead processes, writes the lines that they did not get to, and moves finished approvals
 * away. What another process that lives holds is its own. Returns what was settled, for the operator.
 */
export async function recoverApprovals(deps: RecoveryDeps): Promise<readonly Recovered[]> {
  const ctx = createContext(deps);
  const recovered: Recovered[] = [];
  for (const id of await ctx.store.ids()) {
    try {
      const settled = await recover(ctx, id, deps);
      if (settled !== undefined) recovered.push(settled);
    } catch (thrown) {
      deps.log.error('an approval cannot be recovered', { approval: id, cause: String(thrown) });
    }
  }
  return recovered;
}

async function recover(ctx: Context, id: string, deps: RecoveryDeps): Promise<Recovered | undefined> {
  // A process that was killed between taking an id and asking leaves a folder without a request: nobody ever saw it.
  const now = (await ctx.store.load(id)) && (await current(ctx, id));
  const { ending, outcome } = now?.facts ?? {};
  if (now === undefined) await ctx.store.discard(id);
  if (now === undefined) return undefined;
  if (ending === undefined) {
    await endDenied(ctx, now);
    return undefined;
  }
  const old = ctx.clock.now() - (outcome ?? ending).time > ctx.limits.keepFinishedDays * 86_400_000;
  const unclosed = (await ctx.store.text(id, 'input')) !== undefined;
  const dead = (unclosed || now.state === 'claimed') && !(await ctx.state.isAlive(ending.process));
  if (dead && now.state === 'claimed') return settleLost(ctx, now, deps);
  if (dead) await close(ctx, now);
  if (isFinal(now.state) && old) {
    await ctx.store.moveAway(id);
    await ctx.index.forget(id);
  }
  return undefined;
}

/** A denial that is in the log stands, also where its process died before it made the file. */
async function endDenied(ctx: Context, now: Current): Promise<void> {
  const chain = await ctx.auditReader.votes(now.record.id);
  const deny = chain.find((vote) => vote.decision === 'deny');
  if (deny !== undefined) await end(ctx, now, { command: 'deny', by: deny.person, because: '' });
}

async function settleLost(
  ctx: Context,
  { record }: Current,
  { wasAuthorized, lostResult }: RecoveryDeps,
): Promise<Recovered> {
  const { id, invocation } = record;
  // The run may have ended, and only the last file is missing: then its own word stands, the kept result's or the log's.
  const kept = await keptResult(ctx, id);
  const ran = commandOf(await ctx.auditReader.runOf(id));
  const sent = wasAuthorized === undefined || (await wasAuthorized(id));
  const command = kept?.command ?? ran ?? (sent ? 'lose' : 'fail');
  const because =
    (kept?.command ?? ran) !== undefined
      ? ''
      : sent
        ? 'the process that ran it died'
        : 'the process died before it sent anything';
  if (kept === undefined && lostResult !== undefined)
    await keepResult(ctx, id, command, lostResult({ id, cluster: record.cluster.name, command }));
  await ctx.store.settle(id, { command, time: ctx.clock.now(), because });
  const settled = await reread(ctx, id);
  await close(ctx, settled);
  return { approval: id, invocation, state: settled.state };
}

function commandOf(end: RunEnd | undefined): RunCommand | undefined {
  if (end === 'Executed') return 'succeed';
  if (end === 'Failed') return 'fail';
  return end === undefined ? undefined : 'lose';
}
