import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { live, type Move, type Process, requirement } from '../../support/approval-life.ts';
import type { Command } from '../../support/approval-model.ts';
import { createRig, draft, type Rig } from '../../support/approvals.ts';

/** Set to look for long: a hundred thousand steps. */
const soak = process.env.COUNTERSIGN_SOAK !== undefined;
const steps = soak ? 100_000 : 300;

const vote = fc.record({
  do: fc.constant('vote' as const),
  who: fc.constantFrom('ana', 'bo', 'cy', 'li', 'out'),
  decision: fc.oneof(
    { weight: 10, arbitrary: fc.constant('approve' as const) },
    { weight: 1, arbitrary: fc.constant('deny' as const) },
    { weight: 2, arbitrary: fc.constant('undo' as const) },
  ),
});
const approve = (who: string): Command => ({ do: 'vote', who, decision: 'approve' });
const plain = (what: 'claim' | 'settle' | 'withdraw') => fc.record({ do: fc.constant(what) });
const racing: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: vote },
  { weight: 3, arbitrary: plain('claim') },
  { weight: 1, arbitrary: plain('withdraw') },
);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: racing },
  { weight: 1, arbitrary: plain('settle') },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('step' as const), minutes: fc.constantFrom(1, 5, 16) }),
  },
);
const process_ = fc.constantFrom<Process>(0, 1);
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ how: fc.constant('alone' as const), process: process_, command }) },
  {
    weight: 4,
    arbitrary: fc.record({
      how: fc.constantFrom('killed' as const, 'stalled' as const),
      process: process_,
      command: racing,
      at: fc.nat(4),
    }),
  },
  { weight: 3, arbitrary: fc.record({ how: fc.constant('at once' as const), commands: fc.tuple(racing, racing) }) },
  { weight: 2, arbitrary: fc.record({ how: fc.constant('wake' as const) }) },
  // What chance alone leads to too seldom: a quorum, and a claim that stands still while the time runs out.
  { weight: 3, arbitrary: fc.constant<Move>({ how: 'at once', commands: [approve('ana'), approve('cy')] }) },
  {
    weight: 2,
    arbitrary: fc.record({
      how: fc.constant('stalled' as const),
      process: process_,
      command: plain('claim'),
      at: fc.nat(1),
    }),
  },
);

const moves = fc.array(move, { minLength: 3, maxLength: 20 });

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.end();
  rig = undefined;
});

it.each([0, 1])('runs nothing for a claim that stands still before operation %d until its time is over', async (at) => {
  rig = await createRig();
  await live(rig, await rig.approvals.request(draft({ requirement })), [
    { how: 'at once', commands: [approve('ana'), approve('cy')] },
    { how: 'stalled', process: 0, command: { do: 'claim' }, at },
    { how: 'alone', process: 1, command: { do: 'step', minutes: 16 } },
    { how: 'wake' },
  ]);
  const [{ state } = { state: 'none' }] = await rig.approvals.list({});
  expect(['expired', 'failed']).toContain(state);
});

it(
  'does what the model does: votes, claims, kills, stalls, two processes at once, steps of the clock',
  async () => {
    let done = 0;
    await fc.assert(
      fc.asyncProperty(moves, async (all) => {
        if (done >= steps) return;
        rig = await createRig();
        await live(rig, await rig.approvals.request(draft({ requirement })), all);
        await rig.end();
        rig = undefined;
        done += all.length;
      }),
      { numRuns: steps, ...(soak ? {} : { seed: 20261121 }), endOnFailure: true },
    );
    expect(done).toBeGreaterThanOrEqual(steps);
  },
  soak ? 7_200_000 : 120_000,
);
