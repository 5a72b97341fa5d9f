import { expect } from 'vitest';
import { recoverApprovals } from '../../src/approval/recover.ts';
import { createApprovals } from '../../src/approval/service.ts';
import type { Approval, Approvals } from '../../src/domain/approval.ts';
import type { Requirement } from '../../src/domain/decision.ts';
import { approvingIn, type Command, Model, quorumOf } from './approval-model.ts';
import { ballot, oneOfSre, person, type Rig } from './approvals.ts';
import { crashing, stalling } from './crashing-state.ts';

const minute = 60_000;
/** One of sre and one of security; bo is both. */
export const requirement: Requirement = {
  ...oneOfSre,
  slots: [
    { group: 'sre', count: 1 },
    { group: 'security', count: 1 },
  ],
};

export type Process = 0 | 1;
export type Move =
  | { readonly how: 'alone'; readonly process: Process; readonly command: Command }
  /** The process is killed before so many file operations of this command. */
  | { readonly how: 'killed' | 'stalled'; readonly process: Process; readonly command: Command; readonly at: number }
  | { readonly how: 'at once'; readonly commands: readonly [Command, Command] }
  /** The process that stands still for the longest time goes on. */
  | { readonly how: 'wake' };

interface Stalled {
  readonly process: Process;
  readonly command: Command;
  readonly happened: Promise<boolean>;
  wake(): void;
}

/** One life of an approval under two processes, against the model. */
class Life {
  readonly rig: Rig;
  readonly seats: { state: Rig['state']; deps: Rig['deps'] }[];
  readonly model: Model;
  readonly id: string;
  readonly stalled: Stalled[] = [];
  /** `person decision` of votes that were acknowledged. */
  readonly acknowledged: string[] = [];
  claims = 0;
  /** An undo or a deny is in the log, and its file may be missing: it counts against a claim, which then ends without a run. */
  doubt = false;

  constructor(rig: Rig, other: { state: Rig['state']; deps: Rig['deps'] }, asked: Approval) {
    this.rig = rig;
    this.seats = [{ state: rig.state, deps: rig.deps }, other];
    this.model = new Model(asked.decideBy);
    this.id = asked.id;
  }

  get now(): number {
    return this.rig.clock.now();
  }
  seat(process: Process) {
    return this.seats[process]!;
  }
  real(): Promise<Approval> {
    return createApprovals(this.seat(0).deps).read(this.id);
  }

  async perform(approvals: Approvals, command: Command): Promise<boolean> {
    const { id } = this;
    const done = async (): Promise<boolean> => {
      switch (command.do) {
        case 'step':
          this.rig.clock.step(command.minutes * minute);
          return true;
        case 'claim':
          await approvals.claim(id, requirement);
          return true;
        case 'settle':
          await approvals.settle(id, 'succeed', 'ran');
          return true;
        case 'withdraw':
          return approvals.close(id, 'withdraw', 'not needed');
        case 'vote':
          await approvals.vote(id, ballot(command.who, command.decision));
          return true;
      }
    };
    const happened = await done().catch(() => false);
    if (happened && command.do === 'claim') this.claims++;
    if (happened && command.do === 'vote') this.acknowledged.push(`${person(command.who).id} ${command.decision}`);
    return happened;
  }

  /** A claim that nothing crossed had every right to. */
  async entitled(command: Command, happened: boolean): Promise<void> {
    if (command.do !== 'claim' || !happened) return;
    const real = await this.real();
    expect(quorumOf(approvingIn(real)), 'a claim without quorum').toBe(true);
    expect(
      real.votes.some(({ decision }) => decision === 'deny'),
      'a claim in spite of a deny',
    ).toBe(false);
    expect(this.now, 'a claim past its time').toBeLessThan(real.useBy ?? 0);
  }

  async alone(process: Process, command: Command): Promise<void> {
    const before = this.model.state;
    const happened = await this.perform(createApprovals(this.seat(process).deps), command);
    if (command.do === 'claim' && this.doubt && !happened) {
      this.oneOf(await this.real(), command, 'in doubt', ['failed']);
      return;
    }
    expect(happened, `${JSON.stringify(command)} in ${before}`).toBe(this.model.apply(command, this.now));
    await this.entitled(command, happened);
  }

  async killed(process: Process, command: Command, at: number): Promise<void> {
    const { state, deps } = this.seat(process);
    const crash = crashing(state, at);
    const happened = await this.perform(createApprovals({ ...deps, state: crash.state }), command);
    if (crash.operations() <= at) {
      if (this.doubt && command.do === 'claim' && !happened)
        return this.oneOf(await this.real(), command, 'in doubt', ['failed']);
      expect(happened, JSON.stringify(command)).toBe(this.model.apply(command, this.now));
      return;
    }
    await state.close();
    this.doubt ||= command.do === 'vote' && command.decision !== 'approve';
    // A denial that is in the log stands, also one whose process stands still or died before it made the file.
    const denying = [command, ...this.stalled.map((each) => each.command)].some(
      (each) => each.do === 'vote' && each.decision === 'deny',
    );
    const stillStanding = this.stalled.filter((each) => each.process !== process);
    this.stalled.splice(0, Infinity, ...stillStanding);
    this.seats[process] = await this.rig.second();
    await recoverApprovals({ ...this.seat(process).deps, wasAuthorized: async () => command.do !== 'claim' });
    this.oneOf(await this.real(), command, 'killed in', ['failed', 'unknown', ...(denying ? ['denied'] : [])]);
  }

  async stalls(process: Process, command: Command, at: number): Promise<void> {
    const { state, deps } = this.seat(process);
    const stall = stalling(state, at);
    const happened = this.perform(createApprovals({ ...deps, state: stall.state }), command);
    const ended = await Promise.race([happened, stall.stalled]);
    const doubted = this.doubt && command.do === 'claim' && ended === false;
    if (doubted) this.oneOf(await this.real(), command, 'in doubt', ['failed']);
    else if (typeof ended === 'boolean')
      expect(ended, JSON.stringify(command)).toBe(this.model.apply(command, this.now));
    else {
      this.doubt ||= command.do === 'vote' && command.decision !== 'approve';
      this.stalled.push({ process, command, happened, wake: stall.wake });
      this.oneOf(await this.real(), command, 'stalled in', this.doubt ? ['failed'] : []);
    }
  }

  async wake(): Promise<void> {
    const next = this.stalled.shift();
    if (next === undefined) return;
    next.wake();
    const happened = await next.happened;
    await this.entitled(next.command, happened);
    // Its vote has the time at which it was given: late enough it is too late.
    this.oneOf(await this.real(), next.command, 'woke up in', ['failed', 'expired']);
  }

  /** It happened or it did not; a claim that is in doubt ends without a run. */
  oneOf(real: Approval, command: Command, what: string, inDoubt: readonly string[]): void {
    const without = this.model.copy();
    without.pass(this.now);
    const withIt = this.model.copy();
    withIt.apply(command, this.now);
    const said = `${what} ${JSON.stringify(command)}`;
    expect([without.state, withIt.state, ...inDoubt], said).toContain(real.state);
    if (inDoubt.includes(real.state) && real.state !== without.state)
      // Pending: a claim that stood still before the end has spent what was taken back meanwhile.
      expect(real.state === 'denied' ? ['pending', 'approved'] : ['pending', 'approved', 'claimed'], said).toContain(
        without.state,
      );
    this.model.follow(real);
  }

  /** As if one of them came first; a claim that a vote or an end crosses may end without a run. */
  async atOnce([one, other]: readonly [Command, Command]): Promise<void> {
    const before = this.model.copy();
    const results = await Promise.all([
      this.perform(createApprovals(this.seat(0).deps), one),
      this.perform(createApprovals(this.seat(1).deps), other),
    ]);
    const real = await this.real();
    const [first, second] = [before.copy(), before.copy()];
    const order = [first.apply(one, this.now), first.apply(other, this.now)];
    const reverse = [second.apply(other, this.now), second.apply(one, this.now)].reverse();
    const orders = [
      [...order, first.state],
      [...reverse, second.state],
      // Two who deny at once have both denied it.
      ...(order.includes(true) &&
      [one, other].every((each) => each.do === 'vote' && each.decision === 'deny') &&
      first.state === 'denied'
        ? [[true, true, 'denied']]
        : []),
    ];
    const claiming = [one, other].some((each) => each.do === 'claim');
    // Taken back between the look and the end of a claim: both happened, so the claim finds it, and nothing runs.
    const takenBack = [one, other].some((each, at) => each.do === 'vote' && each.decision === 'undo' && results[at]);
    const nothingElse = results.filter((happened) => happened).length === (takenBack ? 1 : 0);
    const crossed = claiming && real.state === 'failed' && (this.doubt || (before.state === 'approved' && nothingElse));
    if (!crossed)
      expect(orders, `${JSON.stringify([one, other])} in ${before.state}`).toContainEqual([...results, real.state]);
    this.model.follow(real);
  }

  async check(): Promise<void> {
    this.model.pass(this.now);
    const views = await Promise.all(this.seats.map(({ deps }) => createApprovals(deps).read(this.id)));
    for (const view of views) expect(view.state).toBe(this.model.state);
    expect(this.claims).toBeLessThanOrEqual(1);
  }

  async end(): Promise<void> {
    while (this.stalled.length > 0) {
      await this.wake();
      await this.check();
    }
    const recorded = (await this.real()).votes.map((each) => `${each.person} ${each.decision}`);
    for (const said of new Set(this.acknowledged)) {
      const count = (list: readonly string[]): number => list.filter((each) => each === said).length;
      expect(count(recorded), `lost: ${said}`).toBeGreaterThanOrEqual(count(this.acknowledged));
    }
    const claimed = this.rig.audit.events().filter(({ type }) => type === 'ApprovalClaimed');
    expect(claimed.length, 'lines that it was claimed').toBeLessThanOrEqual(1);
  }
}

export async function live(rig: Rig, asked: Approval, moves: readonly Move[]): Promise<void> {
  const life = new Life(rig, await rig.second(), asked);
  for (const move of moves) {
    if (move.how === 'alone') await life.alone(move.process, move.command);
    else if (move.how === 'killed') await life.killed(move.process, move.command, move.at);
    else if (move.how === 'stalled') await life.stalls(move.process, move.command, move.at);
    else if (move.how === 'at once') await life.atOnce(move.commands);
    else await life.wake();
    await life.check();
  }
  await life.end();
}
