import { type Approval, type Approvals, isOpen } from '../domain/approval.ts';
import type { Json } from '../domain/json.ts';
import { createAsked } from './asked.ts';
import { createAwaiting } from './awaiting.ts';
import { claim } from './claim.ts';
import { type ApprovalDeps, type Context, notFound, present } from './context.ts';
import { derive } from './current.ts';
import { eachInTurn } from './files.ts';
import { announce, current, end } from './finish.ts';
import { createIndex, isOf } from './listing.ts';
import { reconcile } from './reconcile.ts';
import { json } from './record.ts';
import { findDenial, inputPurpose, request } from './request.ts';
import { review } from './review.ts';
import { createRoll } from './roll.ts';
import { attach, keptResult, settle } from './settle.ts';
import { createStore } from './store.ts';
import { createTurns } from './turns.ts';
import { forgetSent, sending, undecidable, undecided } from './undecided.ts';
import { createViews } from './view.ts';
import { vote } from './vote.ts';
import { SharedWaits } from './waits.ts';

export type { ApprovalDeps } from './context.ts';

/** Approvals over the state directory. Opens nothing until the first use. */
export const createApprovals = (deps: ApprovalDeps): Approvals => approvalsOf(createContext(deps));

export function createContext(deps: ApprovalDeps): Context {
  const store = createStore(deps.state, deps.masker);
  const views = createViews(deps.state);
  const roll = createRoll(deps.state, store);
  const index = createIndex({ ...deps, store, views, roll, derive: (id) => derive({ ...deps, store }, id) });
  const waits = new SharedWaits({
    state: deps.state,
    store,
    clock: deps.clock,
    folder: views.folder,
    read: async (id) => present(ctx, await current(ctx, id)),
  });
  const awaiting = createAwaiting({
    ...deps,
    changed: (id) => {
      tellWhoWaits(ctx, id).catch((thrown: unknown) =>
        deps.log.warn('nobody was told who waits', { approval: id, cause: String(thrown) }),
      );
    },
  });
  const ctx: Context = { ...deps, store, roll, index, waits, awaiting, asked: createAsked(deps.state) };
  return ctx;
}

/** Of what has ended nobody asks any more. */
async function tellWhoWaits(ctx: Context, id: string): Promise<void> {
  if (await ctx.store.ended(id)) return;
  const now = await derive(ctx, id);
  if (now !== undefined) await announce(ctx, now);
}

function approvalsOf(ctx: Context): Approvals {
  const inTurn = createTurns();
  const shown = async (id: string): Promise<Approval> => present(ctx, await current(ctx, id));
  return {
    // One after the other, so that identical calls at once are one, and the caps hold.
    request: (draft) => inTurn('request', () => request(ctx, draft)),
    attach: (principal, callDigest) => attach(ctx, principal, callDigest),
    standingDenial: async (principal, planDigest) => {
      const denied = await findDenial(ctx, principal, planDigest);
      return denied && present(ctx, denied);
    },
    read: async (id, principal) => {
      const approval = await shown(id);
      // Somebody else's approval and none at all answer alike.
      if (principal !== undefined && !isOf(approval, principal)) throw notFound(id);
      return approval;
    },
    list: (filter) => list(ctx, filter),
    wait: (id, options) => ctx.waits.wait(id, options),
    awaitedBy: (id) => ctx.awaiting.add(id),
    vote: (id, asked) => vote(ctx, id, asked),
    claim: (id, requirement) => claim(ctx, id, requirement),
    review: (id, asked) => review(ctx, id, asked),
    reconcile: (id, found) => reconcile(ctx, id, found),
    sending: (id, sent) => sending(ctx, id, sent),
    undecided: () => undecided(ctx),
    undecidable: (id, because) => undecidable(ctx, id, because),
    close: async (id, command, because) => {
      const now = await current(ctx, id);
      return end(ctx, now, { command, by: now.record.principal.agent, because });
    },
    settle: async (id, command, result) => {
      const settled = await settle(ctx, id, command, result);
      if (command !== 'lose') void forgetSent(ctx, id);
      return settled;
    },
    result: async (id) => (await keptResult(ctx, id))?.result,
    seen: async (id) => {
      if (!(await ctx.store.isReserved(id))) throw notFound(id);
      await ctx.store.seen(id);
    },
    input: (id) => input(ctx, id),
  };
}

async function list(ctx: Context, filter: Parameters<Approvals['list']>[0]): Promise<readonly Approval[]> {
  const { principal, open } = filter;
  const found: Approval[] = [];
  const rows = await ctx.index.find((row) => principal === undefined || isOf(row, principal));
  await eachInTurn(
    rows.filter(({ state }) => open === undefined || open === isOpen(state)),
    async ({ id }) => {
      const now = await derive(ctx, id);
      // Undefined: moved away by now.
      if (now !== undefined) found.push(await present(ctx, now.due === undefined ? now : await current(ctx, id)));
    },
  );
  return found;
}

async function input(ctx: Context, id: string): Promise<Json | undefined> {
  const { facts } = await current(ctx, id);
  if (facts.outcome !== undefined || (facts.ending !== undefined && facts.ending.command !== 'claim')) return undefined;
  const sealed = await ctx.store.text(id, 'input');
  return sealed === undefined ? undefined : (json(ctx.state.unseal(sealed, inputPurpose(id))) as Json | undefined);
}
