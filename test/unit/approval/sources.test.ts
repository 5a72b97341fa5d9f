import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApprovals } from '../../../src/approval/service.ts';
import type { ApprovalChannel } from '../../../src/domain/approval.ts';
import { CountersignError } from '../../../src/domain/errors.ts';
import { ballot, createRig, draft, oneOfSre, type Rig } from '../../support/approvals.ts';

describe('votes of a channel that is read more than once', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await createRig();
  });
  afterEach(() => rig.end());
  const votes = (): number => rig.audit.events().filter(({ type }) => type === 'ApprovalVoted').length;

  it('are one vote a source, also when two processes read it at once and when it is over', async () => {
    const { id } = await rig.approvals.request(
      draft({ requirement: { ...oneOfSre, slots: [{ group: 'sre', count: 2 }] } }),
    );
    const { approvals: other } = await rig.second();
    const heard = { ...ballot('ana'), channel: 'slack', source: 'slack:C1/1.1' } as const;
    await Promise.all([rig.approvals.vote(id, heard), other.vote(id, heard)]);
    const again = await other.vote(id, heard);
    expect(again).toMatchObject({ have: 1, votes: [{ source: 'slack:C1/1.1', n: 1 }] });
    await rig.approvals.vote(id, { ...ballot('bo', 'deny'), source: 'slack:C1/1.2' });
    const count = votes();
    expect(await other.vote(id, heard)).toMatchObject({ state: 'denied' });
    expect(votes()).toBe(count);
  });

  it('need the code where the rule says so, and never take a wrong one', async () => {
    const strict = { ...oneOfSre, confirmCode: true };
    const { id } = await rig.approvals.request(draft({ requirement: strict }));
    await expect(rig.approvals.vote(id, ballot('ana'))).rejects.toMatchObject({
      code: 'Invalid',
      hint: `write: approve ${id}`,
    });
    await expect(rig.approvals.vote(id, { ...ballot('ana'), code: 'cs-000000' })).rejects.toMatchObject({
      code: 'Invalid',
    });
    expect((await rig.approvals.vote(id, { ...ballot('ana'), code: id })).state).toBe('approved');
    expect((await rig.approvals.vote(id, ballot('ana', 'undo'))).state).toBe('pending');
    expect((await rig.approvals.vote(id, ballot('bo', 'deny'))).state).toBe('denied');
    const loose = await rig.approvals.request(draft({ planDigest: 'sha256:b' }));
    await expect(rig.approvals.vote(loose.id, { ...ballot('ana'), code: id })).rejects.toMatchObject({
      code: 'Invalid',
    });
  });

  it('are heard before a claim: a denial that was only said there stops it', async () => {
    const { id } = await rig.approvals.request(draft());
    await rig.approvals.vote(id, ballot('ana'));
    const channel: ApprovalChannel = {
      ...rig.deps.channels[0]!,
      caughtUp: async (approval) => void (await rig.approvals.vote(approval.id, ballot('bo', 'deny', 'no'))),
    };
    const claiming = createApprovals({ ...rig.deps, channels: [channel] });
    await expect(claiming.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'ApprovalDenied' });
    expect((await rig.approvals.read(id)).state).toBe('denied');
  });

  it('that cannot be read leave the approval as it is, and so do people who cannot be looked up', async () => {
    const { id } = await rig.approvals.request(draft());
    await rig.approvals.vote(id, ballot('ana'));
    const fail = async (): Promise<never> => {
      throw new CountersignError('Unavailable', 'Slack cannot be read');
    };
    const channel: ApprovalChannel = { ...rig.deps.channels[0]!, caughtUp: fail };
    for (const deps of [{ channels: [channel] }, { people: { ...rig.deps.people, current: fail } }]) {
      const claiming = createApprovals({ ...rig.deps, ...deps });
      await expect(claiming.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Unavailable' });
      expect((await rig.approvals.read(id)).state).toBe('approved');
    }
    expect((await rig.approvals.claim(id, oneOfSre)).state).toBe('claimed');
  });
});
