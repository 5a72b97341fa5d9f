import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Approval, isOpen, type VoteRequest } from '../../../src/domain/approval.ts';
import { brokenGlass } from '../../../src/domain/approval-exceptions.ts';
import type { Requirement } from '../../../src/domain/decision.ts';
import { ballot, createRig, draft, oneOfSre, person, type Rig } from '../../support/approvals.ts';

const minute = 60_000;
const reason = 'the shop is down, nobody else is awake';
const glass: Requirement = {
  ...oneOfSre,
  slots: [{ group: 'security', count: 2 }],
  breakGlass: { groups: ['sre'], withinSeconds: 120 },
};
const broken = (name: string, said = reason): VoteRequest => ({
  ...ballot(name, 'approve', said),
  breakGlass: true,
});

describe('break-glass', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await createRig();
  });
  afterEach(() => rig.end());
  const asked = async (requirement = glass): Promise<string> =>
    (await rig.approvals.request(draft({ requirement }))).id;
  const marked = (): readonly string[] =>
    rig.audit
      .events()
      .filter(({ fields }) => fields.breakGlass === true)
      .map(({ type }) => type);

  it('lets one person countersign alone, their own agent too, and marks every line', async () => {
    const id = await asked();
    const voted = await rig.approvals.vote(id, broken('li'));
    expect(voted).toMatchObject({ state: 'approved', have: 0, need: 2, useBy: rig.clock.now() + 2 * minute });
    expect(brokenGlass(voted.votes)).toMatchObject({ person: 'li@example.com', comment: reason });
    expect((await rig.approvals.claim(id, glass)).state).toBe('claimed');
    expect(marked()).toEqual(['ApprovalVoted', 'ApprovalClaimed']);
    expect(rig.audit.events()[1]?.fields).toMatchObject({ selfApproved: true, approver: 'li@example.com' });
  });

  it.each([
    ['a rule that names none', oneOfSre, broken('ana'), 'ApprovalDenied'],
    ['somebody of another group', glass, broken('cy'), 'ApprovalDenied'],
    [
      'somebody in one group of two',
      { ...glass, breakGlass: { groups: ['sre', 'security'], withinSeconds: 60 } },
      broken('ana'),
      'ApprovalDenied',
    ],
    ['no reason', glass, broken('ana', 'urgent'), 'Invalid'],
    ['a reason of blanks', glass, broken('ana', ' '.repeat(40)), 'Invalid'],
    ['a deny', glass, { ...broken('ana'), decision: 'deny' } as const, 'Invalid'],
  ] as const)('is refused for %s, and nothing counts', async (_, requirement, vote, code) => {
    const id = await asked(requirement);
    await expect(rig.approvals.vote(id, vote)).rejects.toMatchObject({ code });
    expect(await rig.approvals.read(id)).toMatchObject({ state: 'pending', votes: [] });
    expect(marked()).toEqual([]);
  });

  it('is good for its own time only, and goes with an undo', async () => {
    const id = await asked();
    await rig.approvals.vote(id, broken('ana'));
    expect((await rig.approvals.vote(id, ballot('ana', 'undo'))).state).toBe('pending');
    await rig.approvals.vote(id, broken('bo'));
    rig.clock.step(2 * minute);
    await expect(rig.approvals.claim(id, glass)).rejects.toMatchObject({ code: 'ApprovalExpired' });
  });

  it('does not win against a deny, nor against a policy that takes it back', async () => {
    const one = await asked();
    await rig.approvals.vote(one, broken('ana'));
    await rig.approvals.vote(one, ballot('cy', 'deny'));
    await expect(rig.approvals.claim(one, glass)).rejects.toMatchObject({ code: 'ApprovalDenied' });
    const { breakGlass: _, ...without } = glass;
    const other = (await rig.approvals.request(draft({ requirement: glass, planDigest: 'sha256:b' }))).id;
    await rig.approvals.vote(other, broken('ana'));
    await expect(rig.approvals.claim(other, without)).rejects.toMatchObject({ code: 'Denied' });
  });

  it('stays open until somebody else has reviewed it, once', async () => {
    const id = await asked();
    await expect(rig.approvals.review(id, { person: person('cy'), comment: undefined })).rejects.toMatchObject({
      code: 'Invalid',
    });
    await rig.approvals.vote(id, broken('ana'));
    await rig.approvals.claim(id, glass);
    await rig.approvals.settle(id, 'succeed', 'ran');
    for (const name of ['ana', 'li'])
      await expect(rig.approvals.review(id, { person: person(name), comment: undefined }), name).rejects.toMatchObject({
        code: 'ApprovalDenied',
      });
    expect((await rig.approvals.read(id)).review).toBeUndefined();
    const seen: Approval = await rig.approvals.review(id, { person: person('cy'), comment: 'it was right' });
    expect(seen).toMatchObject({ state: 'executed', review: { person: 'cy@example.com', comment: 'it was right' } });
    expect(isOpen(seen.state)).toBe(false);
    expect(marked().at(-1)).toBe('BreakGlassReviewed');
    const { approvals: other } = await rig.second();
    expect((await other.read(id)).review?.person).toBe('cy@example.com');
    await expect(other.review(id, { person: person('bo'), comment: undefined })).rejects.toMatchObject({
      code: 'Invalid',
      message: expect.stringContaining('by cy@example.com'),
    });
  });
});
