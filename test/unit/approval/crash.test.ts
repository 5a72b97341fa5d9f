import { afterEach, describe, expect, it } from 'vitest';
import { recoverApprovals } from '../../../src/approval/recover.ts';
import { createApprovals } from '../../../src/approval/service.ts';
import type { Approvals } from '../../../src/domain/approval.ts';
import { transitions } from '../../../src/domain/approval.ts';
import { ballot, createRig, draft, oneOfSre, type Rig } from '../../support/approvals.ts';
import { crashing } from '../../support/crashing-state.ts';

let rig: Rig;
afterEach(() => rig.end());

/** How far the process came, as whoever called it knows. */
interface Progress {
  id?: string;
  reached: string[];
}

async function runThrough(approvals: Approvals, progress: Progress): Promise<void> {
  progress.id = (await approvals.request(draft())).id;
  progress.reached.push('asked');
  await approvals.vote(progress.id, ballot('ana'));
  progress.reached.push('approved');
  await approvals.claim(progress.id, oneOfSre);
  progress.reached.push('claimed');
  await approvals.settle(progress.id, 'succeed', { ran: true });
  progress.reached.push('executed');
}

async function denyIt(approvals: Approvals, progress: Progress): Promise<void> {
  progress.id = (await approvals.request(draft())).id;
  progress.reached.push('asked');
  await approvals.vote(progress.id, ballot('ana', 'deny', 'no'));
  progress.reached.push('denied');
}

/** A process that dies before its `at`-th file operation; true if it died at all. */
async function dieAt(at: number, way: typeof runThrough): Promise<{ died: boolean; progress: Progress }> {
  const { state, deps } = await rig.second();
  const crash = crashing(state, at);
  // Dead men write no audit lines either.
  const audit = {
    ...rig.audit,
    healthy: true,
    append: async (event: Parameters<typeof rig.audit.append>[0]) => {
      if (crash.operations() > at) throw new Error('killed');
      return rig.audit.append(event);
    },
  };
  const progress: Progress = { reached: [] };
  const ended = await way(createApprovals({ ...deps, state: crash.state, audit }), progress).then(
    () => true,
    () => false,
  );
  await state.close();
  return { died: !ended || crash.operations() > at, progress };
}

describe('a process that is killed between two file operations', () => {
  it.each([
    ['on the way to a run', runThrough, 9],
    ['on the way to a denial', denyIt, 5],
  ] as const)('leaves a state that the next one derives and ends, %s', async (_, way, atLeast) => {
    let at = 0;
    for (; ; at++) {
      rig = await createRig();
      const { died, progress } = await dieAt(at, way);
      if (!died) break;
      await checkAftermath(progress, at);
      await rig.end();
    }
    expect(at).toBeGreaterThanOrEqual(atLeast);
  });

  async function checkAftermath({ reached, id }: Progress, at: number): Promise<void> {
    const where = `killed before operation ${at}, after ${reached.join(', ') || 'nothing'}`;
    const types = (): readonly string[] => rig.audit.events().map(({ type }) => type);
    const recovered = await recoverApprovals({ ...rig.deps, wasAuthorized: async () => reached.includes('claimed') });
    const all = await rig.approvals.list({});
    if (id === undefined) expect(all.length, where).toBeLessThanOrEqual(1);
    for (const approval of all) {
      const { state } = approval;
      expect(Object.keys(transitions), where).toContain(state);
      expect(state, where).not.toBe('claimed');
      if (reached.includes('executed')) expect(state, where).toBe('executed');
      // What was acknowledged is not lost.
      else if (reached.includes('claimed')) expect(['unknown', 'executed'], where).toContain(state);
      else if (reached.includes('approved')) expect(['approved', 'failed'], where).toContain(state);
      if (reached.includes('denied')) expect(state, where).toBe('denied');
      if (state === 'unknown' || state === 'executed') {
        expect(types(), where).toContain('ApprovalClaimed');
        await expect(rig.approvals.claim(approval.id, oneOfSre), where).rejects.toMatchObject({ code: 'Conflict' });
      }
      if (['denied', 'failed'].includes(state)) expect(types(), where).toContain('ApprovalClosed');
      if (recovered.length > 0) expect(await rig.approvals.input(approval.id), where).toBeUndefined();
      // The next process can go on with what is still open.
      if (state === 'pending') await rig.approvals.vote(approval.id, ballot('ana'));
      if (state === 'pending' || state === 'approved')
        expect((await rig.approvals.claim(approval.id, oneOfSre)).state, where).toBe('claimed');
    }
  }
});
