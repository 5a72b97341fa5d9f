import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { recoverApprovals } from '../../../src/approval/recover.ts';
import { createApprovals } from '../../../src/approval/service.ts';
import { type Approval, type Approvals, isOpen } from '../../../src/domain/approval.ts';
import type { Requirement } from '../../../src/domain/decision.ts';
import type { State } from '../../../src/domain/state.ts';
import { ballot, createRig, draft, oneOfSre, person, type Rig } from '../../support/approvals.ts';
import { crashing } from '../../support/crashing-state.ts';

const soak = process.env.COUNTERSIGN_SOAK !== undefined;
const minute = 60_000;
/** One of sre and one of security; bo is both. */
const requirement: Requirement = {
  ...oneOfSre,
  slots: [
    { group: 'sre', count: 1 },
    { group: 'security', count: 1 },
  ],
};

type Command =
  | { readonly do: 'vote'; readonly who: string; readonly decision: 'approve' | 'deny' | 'undo' }
  | { readonly do: 'claim' | 'settle' | 'withdraw' }
  | { readonly do: 'step'; readonly minutes: number };
interface Move {
  readonly command: Command;
  readonly process: 0 | 1;
  /** The process is killed before so many file operations of this command; undefined: it lives. */
  readonly crash: number | undefined;
}

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('vote' as const),
      who: fc.constantFrom('ana', 'bo', 'cy', 'li', 'out'),
      decision: fc.oneof(
        { weight: 8, arbitrary: fc.constant('approve' as const) },
        { weight: 1, arbitrary: fc.constant('deny' as const) },
        { weight: 2, arbitrary: fc.constant('undo' as const) },
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('claim' as const, 'settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('step' as const), minutes: fc.constantFrom(1, 5, 14) }) },
);
const moves = fc.array(
  fc.record({
    command,
    process: fc.constantFrom(0 as const, 1 as const),
    crash: fc.option(fc.nat(4), { nil: undefined, freq: 6 }),
  }),
  { minLength: 3, maxLength: 14 },
);

/** What must be true, told again without the code under test. */
class Model {
  state = 'pending';
  approving = new Set<string>();
  useBy: number | undefined;
  readonly decideBy: number;
  constructor(decideBy: number) {
    this.decideBy = decideBy;
  }
  /** By trying all pairs: few enough people for that. */
  hasQuorum(): boolean {
    const able = (group: string) => [...this.approving].filter((who) => person(who).groups.includes(group));
    return able('sre').some((one) => able('security').some((other) => one !== other));
  }
  pass(now: number): void {
    if (this.state === 'pending' && now >= this.decideBy) this.state = 'expired';
    if (this.state === 'approved' && now >= (this.useBy ?? 0)) this.state = 'expired';
  }
  /** Whether it is allowed; if so it happened. */
  apply(move: Command, now: number): boolean {
    this.pass(now);
    const open = this.state === 'pending' || this.state === 'approved';
    switch (move.do) {
      case 'step':
        return true;
      case 'claim':
        if (this.state !== 'approved') return false;
        this.state = 'claimed';
        return true;
      case 'settle':
        // Again is no fault: what was settled first stays.
        if (this.state === 'claimed') this.state = 'executed';
        return ['executed', 'failed', 'unknown'].includes(this.state);
      case 'withdraw':
        if (open) this.state = 'withdrawn';
        return open;
      case 'vote':
        return open && this.vote(move.who, move.decision, now);
    }
  }
  vote(who: string, decision: 'approve' | 'deny' | 'undo', now: number): boolean {
    if (who === 'out' || (who === 'li' && decision !== 'deny')) return false;
    if (decision === 'deny') this.state = 'denied';
    else if (decision === 'approve' && !this.approving.has(who)) this.approving.add(who);
    else if (decision === 'undo' && this.approving.has(who)) this.approving.delete(who);
    else return false;
    if (decision === 'deny') return true;
    if (!this.hasQuorum()) this.useBy = undefined;
    else this.useBy ??= now + 15 * minute;
    this.state = this.useBy === undefined ? 'pending' : 'approved';
    return true;
  }
  /** After a crash: whatever of the two happened, it must be one of them. */
  follow(real: Approval): void {
    this.state = real.state;
    this.useBy = isOpen(real.state) ? real.useBy : this.useBy;
    const last = new Map(real.votes.toSorted((a, b) => a.n - b.n).map((vote) => [vote.person, vote.decision]));
    this.approving = new Set(['ana', 'bo', 'cy'].filter((who) => last.get(person(who).id) === 'approve'));
  }
}

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.end();
  rig = undefined;
});

async function perform(approvals: Approvals, id: string, move: Command): Promise<boolean> {
  switch (move.do) {
    case 'step':
      rig?.clock.step(move.minutes * minute);
      return true;
    case 'claim':
      return approvals.claim(id, requirement).then(() => true);
    case 'settle':
      return approvals.settle(id, 'succeed', 'ran').then(() => true);
    case 'withdraw':
      return approvals.close(id, 'withdraw', 'not needed');
    case 'vote':
      return approvals.vote(id, ballot(move.who, move.decision)).then(() => true);
  }
}

/** One life of an approval under two processes, against the model. */
async function live(all: readonly Move[]): Promise<void> {
  const now = await createRig();
  rig = now;
  const seats = [{ state: now.state, deps: now.deps }, await now.second()];
  const { id, decideBy } = await now.approvals.request(draft({ requirement }));
  const model = new Model(decideBy);
  let claims = 0;
  for (const { command: move, process, crash } of all) {
    const seat = seats[process]!;
    const { state, operations } = crashing(seat.state, crash ?? Number.POSITIVE_INFINITY);
    const before = model.state;
    const happened = await perform(createApprovals({ ...seat.deps, state }), id, move).catch(() => false);
    const died = crash !== undefined && operations() > crash;
    if (!died) {
      expect(happened, `${JSON.stringify(move)} in ${before}`).toBe(model.apply(move, now.clock.now()));
      if (move.do === 'claim' && happened) claims++;
    } else {
      await (seat.state as State).close();
      seats[process] = await now.second();
      await recoverApprovals({ ...seats[process]!.deps, wasAuthorized: async () => move.do !== 'claim' });
      const real = await seats[process]!.deps.state.folder('approvals').then(() => now.approvals.read(id));
      const could = new Model(decideBy);
      Object.assign(could, { state: before, approving: new Set(model.approving), useBy: model.useBy });
      could.pass(now.clock.now());
      const without = could.state;
      could.apply(move, now.clock.now());
      expect([without, could.state, 'failed', 'unknown'], `killed in ${JSON.stringify(move)}`).toContain(real.state);
      if (real.state === 'failed' || real.state === 'unknown')
        expect(['approved', 'claimed', 'failed', 'unknown']).toContain(without);
      model.follow(real);
    }
    model.pass(now.clock.now());
    const views = await Promise.all(seats.map(({ deps }) => createApprovals(deps).read(id)));
    for (const view of views) expect(view.state).toBe(model.state);
    expect(claims).toBeLessThanOrEqual(1);
  }
  await now.end();
  rig = undefined;
}

it(
  'does what the model does, with two processes, clock steps and kills',
  async () => {
    await fc.assert(fc.asyncProperty(moves, live), {
      numRuns: soak ? 5_000 : 40,
      ...(soak ? {} : { seed: 20261121 }),
      endOnFailure: false,
    });
  },
  soak ? 3_600_000 : 120_000,
);
