import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Approval, Approvals } from '../../../src/domain/approval.ts';
import type { Requirement } from '../../../src/domain/decision.ts';
import { agent, ballot, draft, oneOfSre, type TestClock } from '../../support/approvals.ts';
import type { AuditFake } from '../../support/audit-fake.ts';

/** One store under test, reached by two processes. */
export interface Subject {
  readonly clock: TestClock;
  readonly audit: AuditFake;
  readonly approvals: Approvals;
  readonly other: Approvals;
  /** One more process, which dies without a word. */
  third(): Promise<{ readonly approvals: Approvals; die(): Promise<void> }>;
  /** What a server that lives does with claims of dead ones; `authorized`: whether the log has it that they sent. */
  recover(authorized: boolean): Promise<readonly { readonly approval: string; readonly state: string }[]>;
  end(): Promise<void>;
}

const minutes = (count: number): number => count * 60_000;
const twoGroups: Requirement = {
  ...oneOfSre,
  slots: [
    { group: 'sre', count: 1 },
    { group: 'security', count: 1 },
  ],
};

/** What every store of approvals keeps, whatever it stands on. */
export function approvalsContract(name: string, start: () => Promise<Subject>): void {
  describe(`approvals on ${name}`, () => {
    let subject: Subject;
    let approvals: Approvals;
    let other: Approvals;
    let clock: TestClock;
    beforeEach(async () => {
      subject = await start();
      ({ approvals, other, clock } = subject);
    });
    afterEach(() => subject.end());

    const states = async (id: string): Promise<readonly string[]> => [
      (await approvals.read(id)).state,
      (await other.read(id)).state,
    ];
    const lines = (): readonly string[] => subject.audit.events().map(({ type }) => type);
    const approved = async (requirement = oneOfSre): Promise<Approval> => {
      const { id } = await approvals.request(draft({ requirement }));
      return other.vote(id, ballot('ana'));
    };

    it('is there for another process as soon as request resolves, whole', async () => {
      const asked = await approvals.request(draft());
      const read = await other.read(asked.id);
      expect(JSON.stringify(read)).toBe(JSON.stringify(asked));
      expect(read).toMatchObject({ state: 'pending', have: 0, need: 1, decideBy: clock.now() + minutes(15) });
      expect(await other.input(asked.id)).toEqual({ manifest: 'kind: Deployment' });
      expect(lines()).toEqual(['ApprovalRequested']);
    });

    it('goes from the vote over the claim to the result, and keeps it', async () => {
      const { id } = await approvals.request(draft());
      const voted = await other.vote(id, ballot('ana', 'approve', 'ok, canary looked fine'));
      expect(voted).toMatchObject({ state: 'approved', have: 1, useBy: clock.now() + minutes(15) });
      expect((await approvals.claim(id, oneOfSre)).state).toBe('claimed');
      expect((await approvals.settle(id, 'succeed', { done: true })).state).toBe('executed');
      expect(await other.result(id)).toEqual({ done: true });
      expect(await other.input(id)).toBeUndefined();
      expect(await states(id)).toEqual(['executed', 'executed']);
      expect(lines()).toEqual(['ApprovalRequested', 'ApprovalVoted', 'ApprovalClaimed']);
      expect(subject.audit.events()[1]?.fields).toMatchObject({
        approval: id,
        approver: 'ana@example.com',
        actingFor: 'li@example.com',
        n: 1,
        planDigest: 'sha256:plan',
      });
    });

    it('is claimed once', async () => {
      const { id } = await approved();
      const claims = await Promise.allSettled(
        [approvals, other, approvals, other].map((each) => each.claim(id, oneOfSre)),
      );
      expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await expect(other.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Conflict' });
    });

    it('needs one person for each place, and the same person fills only one', async () => {
      const { id } = await approvals.request(draft({ requirement: twoGroups }));
      expect(await approvals.vote(id, ballot('bo'))).toMatchObject({ state: 'pending', have: 1, need: 2 });
      await expect(approvals.claim(id, twoGroups)).rejects.toMatchObject({ code: 'Denied' });
      // bo is in both groups and moves over to security, so that ana has the place of sre.
      expect(await other.vote(id, ballot('ana'))).toMatchObject({ state: 'approved', have: 2, need: 2 });
    });

    it('goes back to pending by an undo, and the time to use it starts with the new quorum', async () => {
      const { id } = await approved();
      expect(await approvals.vote(id, ballot('ana', 'undo'))).toMatchObject({ state: 'pending', have: 0 });
      await expect(approvals.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Denied' });
      clock.step(minutes(10));
      expect((await approvals.vote(id, ballot('ana'))).useBy).toBe(clock.now() + minutes(15));
      expect(lines()).toContain('VoteWithdrawn');
    });

    it('ends with one deny, with its comment, also after a quorum', async () => {
      const { id } = await approved();
      expect((await approvals.vote(id, ballot('bo', 'deny', 'Not during the sale.'))).state).toBe('denied');
      await expect(other.claim(id, oneOfSre)).rejects.toMatchObject({
        code: 'ApprovalDenied',
        message: expect.stringContaining('Not during the sale.'),
      });
      await expect(other.vote(id, ballot('ana', 'undo'))).rejects.toMatchObject({ code: 'Invalid' });
      expect(lines().at(-1)).toBe('ApprovalClosed');
    });

    it('lets a denial stand for the same plan for half an hour, and asks nobody', async () => {
      const { id } = await approvals.request(draft());
      await approvals.vote(id, ballot('bo', 'deny', 'Scale first.'));
      await expect(other.request(draft({ callDigest: 'sha256:reworded' }))).rejects.toMatchObject({
        code: 'ApprovalDenied',
        message: expect.stringMatching(/Scale first\..*until 09:44:00Z/s),
      });
      expect((await other.standingDenial(agent, 'sha256:plan'))?.id).toBe(id);
      expect(await other.standingDenial({ ...agent, agent: 'other' }, 'sha256:plan')).toBeUndefined();
      clock.step(minutes(30));
      expect((await other.request(draft())).state).toBe('pending');
    });

    it('expires by time, before a vote and after one', async () => {
      const { id } = await approvals.request(draft());
      const later = await approvals.request(draft({ planDigest: 'sha256:b', callDigest: 'sha256:b' }));
      clock.step(minutes(14));
      await approvals.vote(later.id, ballot('ana'));
      clock.step(minutes(1));
      expect(await states(id)).toEqual(['expired', 'expired']);
      expect(await states(later.id)).toEqual(['approved', 'approved']);
      clock.step(minutes(14));
      await expect(approvals.claim(later.id, oneOfSre)).rejects.toMatchObject({ code: 'ApprovalExpired' });
      await expect(approvals.vote(id, ballot('ana'))).rejects.toMatchObject({ code: 'Invalid' });
      expect(lines().filter((type) => type === 'ApprovalClosed')).toHaveLength(2);
    });

    it('is closed once, by whoever was first', async () => {
      const { id } = await approvals.request(draft());
      expect(await approvals.close(id, 'withdraw', 'not needed any more')).toBe(true);
      expect(await other.close(id, 'drift', 'changed')).toBe(false);
      await expect(other.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'ApprovalWithdrawn' });
    });

    it('takes identical requests for one, also at once', async () => {
      const [a, b] = await Promise.all([approvals.request(draft()), approvals.request(draft())]);
      expect(b?.id).toBe(a?.id);
      expect((await other.request(draft())).id).toBe(a?.id);
      expect((await other.attach(agent, 'sha256:call'))?.id).toBe(a?.id);
      expect(await other.attach({ ...agent, subject: 'eve' }, 'sha256:call')).toBeUndefined();
      expect((await approvals.request(draft({ planDigest: 'sha256:new' }))).id).not.toBe(a?.id);
    });

    it('takes identical requests of two processes in one moment for one, each time, and asks anew after its end', async () => {
      for (let round = 0; round < 6; round++) {
        const changes = { callDigest: `sha256:c${round % 3}`, planDigest: `sha256:p${round % 3}` };
        const asked = await Promise.all(
          [approvals, other, other, approvals].map((each) => each.request(draft(changes))),
        );
        const ids = new Set(asked.map(({ id }) => id));
        expect(ids.size, `round ${round}`).toBe(1);
        expect(lines().filter((type) => type === 'ApprovalRequested')).toHaveLength(round + 1);
        for (const id of ids) await other.close(id, 'withdraw', 'not needed');
      }
    });

    it('gives a result to the identical call until it was seen, or an hour has passed', async () => {
      const { id } = await approved();
      await approvals.claim(id, oneOfSre);
      expect((await other.attach(agent, 'sha256:call'))?.state).toBe('claimed');
      await approvals.settle(id, 'lose', { message: 'nobody knows' });
      expect((await other.attach(agent, 'sha256:call'))?.id).toBe(id);
      clock.step(minutes(60));
      expect(await other.attach(agent, 'sha256:call')).toBeUndefined();
      clock.step(-minutes(30));
      await approvals.seen(id);
      expect(await other.attach(agent, 'sha256:call')).toBeUndefined();
      expect(await other.result(id)).toEqual({ message: 'nobody knows' });
    });

    it('hides an approval from other principals as if there were none', async () => {
      const { id } = await approvals.request(draft());
      const eve = { ...agent, subject: 'eve' };
      const hidden = await approvals.read(id, eve).catch((thrown: Error) => thrown.message.replace(id, 'X'));
      const none = await approvals
        .read('cs-zzzzzz', eve)
        .catch((thrown: Error) => thrown.message.replace('cs-zzzzzz', 'X'));
      expect(hidden).toBe(none);
      expect(await other.list({ principal: eve })).toEqual([]);
      expect(await other.list({ principal: agent, open: true })).toHaveLength(1);
    });

    it('wakes who waits when another process votes', async () => {
      const { id } = await approvals.request(draft({ requirement: twoGroups }));
      const seen: number[] = [];
      const waiting = approvals.wait(id, {
        until: Number.MAX_SAFE_INTEGER,
        signal: new AbortController().signal,
        onChange: ({ have }) => seen.push(have),
      });
      await other.vote(id, ballot('ana'));
      await expect.poll(() => seen).toContain(1);
      await other.vote(id, ballot('cy'));
      expect((await waiting).state).toBe('approved');
    });

    it('lets go at its deadline, at an abort and at the expiry', async () => {
      const { id } = await approvals.request(draft());
      const never = new AbortController();
      const aborted = new AbortController();
      const atUntil = approvals.wait(id, { until: clock.now() + 50_000, signal: never.signal });
      const atAbort = approvals.wait(id, { until: Number.MAX_SAFE_INTEGER, signal: aborted.signal });
      const atExpiry = other.wait(id, { until: Number.MAX_SAFE_INTEGER, signal: never.signal });
      aborted.abort();
      expect((await atAbort).state).toBe('pending');
      clock.step(50_000);
      expect((await atUntil).state).toBe('pending');
      clock.step(minutes(15));
      expect((await atExpiry).state).toBe('expired');
    });

    it('says to other processes whether anybody waits', async () => {
      const { id } = await approvals.request(draft());
      const detach = approvals.awaitedBy(id);
      const poll = (): Promise<boolean> => {
        clock.step(300);
        return other.read(id).then(({ awaited }) => awaited);
      };
      await expect.poll(poll).toBe(true);
      detach();
      await expect.poll(poll).toBe(false);
    });

    it('does not run what the policy of now wants more people for', async () => {
      const { id } = await approved();
      await expect(approvals.claim(id, twoGroups)).rejects.toMatchObject({ code: 'Denied' });
      expect(await states(id)).toEqual(['failed', 'failed']);
    });

    it('counts nothing that the audit log could not write', async () => {
      const { id } = await approvals.request(draft());
      subject.audit.fail();
      await expect(approvals.vote(id, ballot('ana'))).rejects.toMatchObject({ code: 'AuditUnavailable' });
      expect(await states(id)).toEqual(['pending', 'pending']);
      await expect(approvals.request(draft({ planDigest: 'sha256:b' }))).rejects.toMatchObject({
        code: 'AuditUnavailable',
      });
      expect(await approvals.list({})).toHaveLength(1);
    });
  });
}
