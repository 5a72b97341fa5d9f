import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Approval } from '../../../src/domain/approval.ts';
import type { Requirement } from '../../../src/domain/decision.ts';
import { agent, ballot, draft, oneOfSre } from '../../support/approvals.ts';
import type { Subject } from './suite.ts';

const glass: Requirement = {
  ...oneOfSre,
  slots: [{ group: 'security', count: 2 }],
  breakGlass: { groups: ['sre'], withinSeconds: 600 },
};

/** What happens once however many processes of one store do it, and what all of them see alike. */
export function onceContract(name: string, start: () => Promise<Subject>): void {
  describe(`what happens once on ${name}`, () => {
    let subject: Subject;
    beforeEach(async () => {
      subject = await start();
    });
    afterEach(() => subject.end());

    const both = () => [subject.approvals, subject.other] as const;
    const lines = (type: string): number => subject.audit.events().filter((each) => each.type === type).length;
    const claimed = async (): Promise<Approval> => {
      const { id } = await subject.approvals.request(draft());
      await subject.other.vote(id, ballot('ana'));
      return subject.approvals.claim(id, oneOfSre);
    };

    it('a vote of one source, whichever process hears it and however often', async () => {
      const { id } = await subject.approvals.request(draft());
      const heard = { ...ballot('ana'), source: 'slack:C1/1.000001' };
      for (const each of [...both(), ...both()]) expect((await each.vote(id, heard)).have).toBe(1);
      expect((await subject.other.read(id)).votes).toHaveLength(1);
      expect(lines('ApprovalVoted')).toBe(1);
    });

    it('the end of a run: the first one stays, with its result', async () => {
      const { id } = await claimed();
      expect((await subject.approvals.settle(id, 'lose', { first: true })).state).toBe('unknown');
      expect((await subject.other.settle(id, 'succeed', { first: false })).state).toBe('unknown');
      expect(await subject.other.result(id)).toEqual({ first: true });
    });

    it('the review of a break-glass, of two at one moment', async () => {
      const { id } = await subject.approvals.request(draft({ requirement: glass }));
      const reason = 'the shop is down, nobody else is awake';
      await subject.approvals.vote(id, { ...ballot('ana', 'approve', reason), breakGlass: true });
      const reviews = ['bo', 'cy'].map((who, n) =>
        (n === 0 ? subject.approvals : subject.other).review(id, { person: ballot(who).person, comment: who }),
      );
      const ended = await Promise.allSettled(reviews);
      expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const [here, there] = await Promise.all(both().map((each) => each.read(id)));
      expect(here?.review).toEqual(there?.review);
      expect(['bo@example.com', 'cy@example.com']).toContain(here?.review?.person);
    });

    it('a wait for the end of a run ends when another process settles it', async () => {
      const { id } = await claimed();
      const { signal } = new AbortController();
      const waited = subject.other.wait(id, { until: subject.clock.now() + 60_000, signal, while: 'claimed' });
      await subject.approvals.settle(id, 'succeed', 'ran');
      expect((await waited).state).toBe('executed');
    });

    it('is listed alike by all, by whose it is and whether it is open', async () => {
      const open = await subject.approvals.request(draft());
      const other = { ...agent, subject: 'other', agent: 'other-bot' };
      const theirs = await subject.other.request(draft({ principal: other, callDigest: 'sha256:theirs' }));
      await subject.approvals.vote(theirs.id, ballot('bo', 'deny'));
      for (const each of both()) {
        const ids = async (filter: Parameters<typeof each.list>[0]) => (await each.list(filter)).map(({ id }) => id);
        expect(new Set(await ids({}))).toEqual(new Set([open.id, theirs.id]));
        expect(await ids({ open: true })).toEqual([open.id]);
        expect(await ids({ open: false })).toEqual([theirs.id]);
        expect(await ids({ principal: other })).toEqual([theirs.id]);
        expect(await ids({ principal: agent, open: false })).toEqual([]);
      }
    });
  });
}
