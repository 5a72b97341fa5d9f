import type { ApprovalState } from '../domain/approval.ts';
import { brokenGlass } from '../domain/approval-exceptions.ts';
import type { RunEnd } from '../domain/audit-event.ts';
import type { Json } from '../domain/json.ts';
import type { Context } from './context.ts';
import { type Current, derive } from './current.ts';
import { eachInTurn } from './files.ts';
import { close, current, end, reread } from './finish.ts';
import { isFinal } from './listing.ts';
import { type ApprovalDeps, createContext } from './service.ts';
import { keptResult, sealedResult } from './settle.ts';

export interface RecoveryDeps extends ApprovalDeps {
  /**
   * Whether the audit log has an Authorized line for this approval. Where it has none nothing was sent, and the claim failed;
   * where that is not known the outcome is unknown.
   */
  readonly wasAuthorized?: (approval: string) => Promise<boolean>;
  /** Ends a look between two approvals. */
  readonly signal?: AbortSignal;
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
 * Settles the claims of dead processes, writes the lines that they did not get to, ends what ran out, and moves finished
 * approvals away. What another process that lives holds is its own. Returns what was settled, for the operator.
 */
export const recoverApprovals = (deps: RecoveryDeps): Promise<readonly Recovered[]> => createRecovery(deps)();

/** What a look found of an approval that is not over: until something of this changes there is nothing to do. */
interface Seen {
  readonly stamp: number | undefined;
  readonly until: number;
  /** Whose claim it is. */
  readonly holder: string | undefined;
}

/** The same for a server: the first look reads everything, the next ones what changed, and whether holders live. */
export function createRecovery(deps: RecoveryDeps): () => Promise<readonly Recovered[]> {
  const ctx = createContext(deps);
  const over = new Set<string>();
  const seen = new Map<string, Seen>();
  const unchanged = async (id: string, stamp: number | undefined): Promise<boolean> => {
    const last = seen.get(id);
    if (last === undefined || last.stamp !== stamp || ctx.clock.now() >= last.until) return false;
    return last.holder === undefined || ctx.state.isAlive(last.holder);
  };
  return async () => {
    const recovered: Recovered[] = [];
    const ids = await ctx.store.ids();
    const left = ids.filter((id) => !over.has(id));
    await eachInTurn(left, async (id) => {
      if (deps.signal?.aborted === true) return;
      const stamp = await ctx.store.stamp(id);
      if (await unchanged(id, stamp)) return;
      try {
        const settled = await recover(ctx, id, deps);
        if (settled !== undefined) recovered.push(settled);
        const found = await look(ctx, id);
        if (found === undefined) over.add(id);
        else seen.set(id, { stamp, until: found.until, holder: found.holder });
        ctx.store.release(id);
      } catch (thrown) {
        deps.log.error('an approval cannot be recovered', { approval: id, cause: String(thrown) });
        seen.set(id, { stamp, until: Number.POSITIVE_INFINITY, holder: undefined });
      }
    });
    for (const id of over) seen.delete(id);
    return recovered;
  };
}

/** Undefined: it is over, and nothing is left to do. */
async function look(ctx: Context, id: string): Promise<Omit<Seen, 'stamp'> | undefined> {
  const now = await derive(ctx, id);
  // Taken by somebody who is just asking, or moved away.
  if (now === undefined) return { until: Number.POSITIVE_INFINITY, holder: undefined };
  const { ending } = now.facts;
  if (ending === undefined) return { until: now.useBy ?? now.decideBy, holder: undefined };
  const unclosed = (await ctx.store.text(id, 'input')) !== undefined;
  return isFinal(now.state) && !unclosed ? undefined : { until: Number.POSITIVE_INFINITY, holder: ending.process };
}

/** Looks every so many milliseconds, one look at a time. Returns how to stop, which resolves after the last look. */
export function keepRecovering(
  again: () => Promise<readonly Recovered[]>,
  every: number,
  told: (settled: readonly Recovered[]) => void,
  log: RecoveryDeps['log'],
): () => Promise<void> {
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= again()
      .then(told)
      .catch((thrown: unknown) => log.error('approvals cannot be looked through', { cause: String(thrown) }))
      .finally(() => {
        looking = undefined;
      });
  }, every);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
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
  const unreviewed = brokenGlass(now.facts.votes) !== undefined && now.review === undefined;
  if (isFinal(now.state) && old && !unreviewed) {
    await ctx.store.moveAway(id);
    await ctx.index.forget(id);
    await ctx.asked.forget(now.record, id);
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
  const result =
    kept === undefined && lostResult !== undefined
      ? sealedResult(ctx, id, command, lostResult({ id, cluster: record.cluster.name, command }))
      : undefined;
  await ctx.store.settle(id, { command, time: ctx.clock.now(), because }, result);
  const settled = await reread(ctx, id);
  await close(ctx, settled);
  return { approval: id, invocation, state: settled.state };
}

function commandOf(end: RunEnd | undefined): RunCommand | undefined {
  if (end === 'Executed') return 'succeed';
  if (end === 'Failed') return 'fail';
  return end === undefined ? undefined : 'lose';
}
