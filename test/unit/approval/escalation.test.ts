import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { escalatedTo } from '../../../src/domain/approval-exceptions.ts';
import type { Requirement } from '../../../src/domain/decision.ts';
import { ballot, createRig, draft, oneOfSre, type Rig } from '../../support/approvals.ts';

const minute = 60_000;
const twoOfSre: Requirement = {
  ...oneOfSre,
  slots: [{ group: 'sre', count: 2 }],
  escalation: [{ afterSeconds: 300, group: 'security' }],
};

describe('escalation', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await createRig();
  });
  afterEach(() => rig.end());

  it('lets the other group fill any place, from its time on and not before', async () => {
    const asked = await rig.approvals.request(draft({ requirement: twoOfSre }));
    await expect(rig.approvals.vote(asked.id, ballot('cy'))).rejects.toMatchObject({ code: 'ApprovalDenied' });
    rig.clock.step(5 * minute - 1);
    expect(escalatedTo(asked, rig.clock.now())).toEqual([]);
    await expect(rig.approvals.vote(asked.id, ballot('cy'))).rejects.toMatchObject({ code: 'ApprovalDenied' });
    rig.clock.step(1);
    expect(escalatedTo(asked, rig.clock.now())).toEqual(['security']);
    expect(await rig.approvals.vote(asked.id, ballot('cy'))).toMatchObject({ state: 'pending', have: 1, need: 2 });
    expect(await rig.approvals.vote(asked.id, ballot('ana'))).toMatchObject({ state: 'approved', have: 2 });
    expect((await rig.approvals.claim(asked.id, twoOfSre)).state).toBe('claimed');
  });

  it('does not let in the person behind the agent, nor anybody else', async () => {
    const requirement = { ...twoOfSre, escalation: [{ afterSeconds: 60, group: 'sre' }] };
    const { id } = await rig.approvals.request(draft({ requirement }));
    rig.clock.step(2 * minute);
    for (const name of ['li', 'out', 'cy'])
      await expect(rig.approvals.vote(id, ballot(name)), name).rejects.toMatchObject({ code: 'ApprovalDenied' });
  });

  it('counts an approve as what it was when it was given, whatever time it is now', async () => {
    const slots = [
      { group: 'sre', count: 1 },
      { group: 'sales', count: 1 },
    ];
    const requirement = { ...twoOfSre, slots, escalation: [{ afterSeconds: 300, group: 'security' }] };
    const { id } = await rig.approvals.request(draft({ requirement }));
    // bo is in sre and security: voted before the escalation, so for sre alone.
    expect(await rig.approvals.vote(id, ballot('bo'))).toMatchObject({ have: 1 });
    rig.clock.step(6 * minute);
    expect(await rig.approvals.vote(id, ballot('ana'))).toMatchObject({ have: 1, state: 'pending' });
    expect(await rig.approvals.vote(id, ballot('cy'))).toMatchObject({ have: 2, state: 'approved' });
  });

  it('does not count what the policy of the claim does not escalate any more', async () => {
    const { id } = await rig.approvals.request(draft({ requirement: twoOfSre }));
    rig.clock.step(5 * minute);
    await rig.approvals.vote(id, ballot('cy'));
    await rig.approvals.vote(id, ballot('ana'));
    const { escalation: _, ...strict } = twoOfSre;
    await expect(rig.approvals.claim(id, strict)).rejects.toMatchObject({ code: 'Denied' });
    expect((await rig.approvals.read(id)).state).toBe('failed');
  });

  it('makes people who are asked later count as somebody to wait for, and those of a time that never comes not', async () => {
    const of = (afterSeconds: number): Requirement => ({
      ...oneOfSre,
      slots: [{ group: 'nobody', count: 1 }],
      escalation: [{ afterSeconds, group: 'security' }],
    });
    expect((await rig.approvals.request(draft({ requirement: of(600) }))).state).toBe('pending');
    await expect(
      rig.approvals.request(draft({ requirement: of(900), planDigest: 'sha256:later' })),
    ).rejects.toMatchObject({ code: 'ApprovalDenied' });
  });
});
