import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Context } from '../../../src/approval/context.ts';
import { derive } from '../../../src/approval/current.ts';
import { createIndex } from '../../../src/approval/listing.ts';
import { request } from '../../../src/approval/request.ts';
import { createRoll } from '../../../src/approval/roll.ts';
import { createContext } from '../../../src/approval/service.ts';
import { createStore, type Store } from '../../../src/approval/store.ts';
import { createViews } from '../../../src/approval/view.ts';
import type { Approval } from '../../../src/domain/approval.ts';
import { agent, ballot, createRig, draft, type Rig } from '../../support/approvals.ts';

let rig: Rig;
/** Which approvals were looked at, by their files, since the last look at this. */
let looked: string[];
beforeEach(async () => {
  rig = await createRig();
  looked = [];
});
afterEach(() => rig.end());

function contextWith(limits: Partial<Context['limits']>): Context {
  const real = createStore(rig.state, rig.deps.masker);
  const store: Store = {
    ...real,
    stamp: (id) => {
      looked.push(id);
      return real.stamp(id);
    },
  };
  const deps = { ...rig.deps, limits: { ...rig.deps.limits, askedPerHour: 1_000, ...limits } };
  const index = createIndex({
    ...{ ...deps, store, views: createViews(rig.state), roll: createRoll(rig.state, store) },
    derive: (id) => derive({ ...deps, store }, id),
  });
  return { ...createContext(deps), store, index };
}
const ask = (ctx: Context, name: string, changes: Parameters<typeof draft>[0] = {}): Promise<Approval> =>
  request(ctx, draft({ planDigest: `sha256:${name}`, callDigest: `sha256:call-${name}`, ...changes }));

it('asking costs as much beside many open ones as beside few', async () => {
  const ctx = contextWith({ openPerAgent: 100, openPerOwner: 100 });
  for (let n = 0; n < 40; n++) await ask(ctx, `p${n}`);
  looked = [];
  const last = await ask(ctx, 'last');
  const before = looked.length;
  expect(before).toBeLessThan(5);
  looked = [];
  // Of the same plan it is looked how that one is now, and at nothing else.
  expect((await ask(ctx, 'last')).id).toBe(last.id);
  expect(new Set(looked)).toEqual(new Set([last.id]));
});

it('at the most that may be open it is looked how each is now: what ended elsewhere makes room', async () => {
  const ctx = contextWith({ openPerAgent: 3, openPerOwner: 5 });
  const [first] = [await ask(ctx, 'a'), await ask(ctx, 'b'), await ask(ctx, 'c')];
  await expect(ask(ctx, 'd')).rejects.toThrow('has 3 open approvals');
  await (await rig.second()).approvals.vote(first.id, ballot('ana', 'deny'));
  expect(await ask(ctx, 'd')).toMatchObject({ state: 'pending' });
  await expect(ask(ctx, 'e')).rejects.toThrow('has 3 open approvals');
});

it('the most of an owner holds over all agents of theirs, and names no approval of another agent', async () => {
  const ctx = contextWith({ openPerAgent: 3, openPerOwner: 4 });
  const other = { ...agent, agent: 'another-bot', subject: 'another-bot' };
  for (const name of ['a', 'b', 'c']) await ask(ctx, name);
  await ask(ctx, 'd', { principal: other });
  const refused = await ask(ctx, 'e', { principal: other }).catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ code: 'RateLimited', message: expect.stringContaining('have 4 open approvals') });
  expect(String((refused as { hint: string }).hint).match(/cs-[0-9a-z]{6}/g)).toHaveLength(1);
});

it('a denial of the plan that was said elsewhere stands, however many others are open', async () => {
  const ctx = contextWith({ openPerAgent: 100, openPerOwner: 100 });
  const { id } = await ask(ctx, 'a');
  for (let n = 0; n < 5; n++) await ask(ctx, `p${n}`);
  await (await rig.second()).approvals.vote(id, ballot('ana', 'deny'));
  await expect(ask(ctx, 'a')).rejects.toMatchObject({ code: 'ApprovalDenied' });
});
