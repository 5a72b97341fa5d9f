import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Requirement } from '../../../src/domain/decision.ts';
import { ballot, draft, oneOfSre, person } from '../../support/approvals.ts';
import type { Subject } from './suite.ts';

const minute = 60_000;
const escalating: Requirement = { ...oneOfSre, escalation: [{ afterSeconds: 300, group: 'security' }] };

/** Rules of one approval that hold whatever it is stored in, and what becomes of a run whose process died. */
export function rulesContract(name: string, start: () => Promise<Subject>): void {
  describe(`rules of an approval on ${name}`, () => {
    let subject: Subject;
    beforeEach(async () => {
      subject = await start();
    });
    afterEach(() => subject.end());

    /** Claimed by a process that then dies. */
    const orphaned = async (): Promise<string> => {
      const { id } = await subject.approvals.request(draft());
      await subject.other.vote(id, ballot('ana'));
      const dying = await subject.third();
      await dying.approvals.claim(id, oneOfSre);
      expect(await subject.recover(true)).toEqual([]);
      await dying.die();
      return id;
    };
    const settle = (command: 'succeed' | 'fail', who = 'ana', because = 'I read the object') => ({
      ...{ person: person(who), command, because },
    });

    it('takes an approve only with its code where the rule wants it, at any process', async () => {
      const { id } = await subject.approvals.request(draft({ requirement: { ...oneOfSre, confirmCode: true } }));
      await expect(subject.other.vote(id, ballot('ana'))).rejects.toMatchObject({ code: 'Invalid' });
      const wrong = { ...ballot('ana'), code: 'cs-zzzzzz' };
      await expect(subject.other.vote(id, wrong)).rejects.toMatchObject({ code: 'Invalid' });
      expect((await subject.approvals.read(id)).have).toBe(0);
      expect((await subject.other.vote(id, { ...ballot('ana'), code: id })).state).toBe('approved');
    });

    it('counts the group that it is escalated to from then on, and what they said before not', async () => {
      const { id } = await subject.approvals.request(draft({ requirement: escalating }));
      await expect(subject.approvals.vote(id, ballot('cy'))).rejects.toMatchObject({ code: 'ApprovalDenied' });
      subject.clock.step(5 * minute);
      expect((await subject.other.vote(id, ballot('cy'))).state).toBe('approved');
      expect((await subject.approvals.claim(id, escalating)).state).toBe('claimed');
    });

    it('recovers the claim of a dead process, once: unknown where it was authorized', async () => {
      const id = await orphaned();
      expect(await subject.recover(true)).toMatchObject([{ approval: id, state: 'unknown' }]);
      expect(await subject.recover(true)).toEqual([]);
      expect((await subject.other.read(id)).state).toBe('unknown');
      await expect(subject.other.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Conflict' });
    });

    it('recovers it as failed where nothing was authorized', async () => {
      const id = await orphaned();
      expect(await subject.recover(false)).toMatchObject([{ approval: id, state: 'failed' }]);
      await expect(subject.approvals.reconcile(id, settle('succeed'))).rejects.toMatchObject({ code: 'Invalid' });
    });

    it('settles what is unknown as somebody has found out, once, and says so to all', async () => {
      const id = await orphaned();
      await subject.recover(true);
      const both = [subject.approvals.reconcile(id, settle('succeed')), subject.other.reconcile(id, settle('succeed'))];
      const ended = await Promise.allSettled(both);
      expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await subject.other.read(id)).toMatchObject({
        state: 'executed',
        reconciled: { command: 'succeed', by: 'ana@example.com', because: 'I read the object' },
      });
      const line = subject.audit.events().find(({ type }) => type === 'Reconciled');
      expect(line?.fields).toMatchObject({ approval: id, state: 'executed', by: 'ana@example.com' });
      await expect(subject.approvals.reconcile(id, settle('fail'))).rejects.toMatchObject({ code: 'Invalid' });
      await expect(subject.approvals.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Conflict' });
    });

    it('does not believe that it failed while the API server may still be at it', async () => {
      const id = await orphaned();
      await subject.recover(true);
      await expect(subject.approvals.reconcile(id, settle('fail'))).rejects.toThrow('too early');
      expect((await subject.other.read(id)).state).toBe('unknown');
      subject.clock.step(minute);
      expect((await subject.approvals.reconcile(id, settle('fail'))).state).toBe('failed');
    });

    it('does not take the word of the person behind the agent, of strangers, or one without a reason', async () => {
      const id = await orphaned();
      await subject.recover(true);
      const refused = async (found: ReturnType<typeof settle>, code: string): Promise<void> =>
        expect(subject.approvals.reconcile(id, found)).rejects.toMatchObject({ code });
      await refused(settle('succeed', 'li'), 'ApprovalDenied');
      await refused({ ...settle('succeed'), person: { ...person('ana'), id: 'eve@example.com' } }, 'Invalid');
      await refused(settle('succeed', 'ana', '  '), 'Invalid');
      expect(subject.audit.events().some(({ type }) => type === 'Reconciled')).toBe(false);
    });
  });
}
