import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRecovery, keepRecovering } from '../../../src/approval/recover.ts';
import { createApprovals } from '../../../src/approval/service.ts';
import type { State } from '../../../src/domain/state.ts';
import { ballot, createRig, draft, oneOfSre, person, type Rig, silent } from '../../support/approvals.ts';
import { crashing } from '../../support/crashing-state.ts';

describe('while a server runs', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await createRig();
  });
  afterEach(() => rig.end());

  /** Claims, and dies before its run ended. */
  const claimedBySomebodyWhoDies = async (): Promise<{ id: string; dying: { state: State } }> => {
    const dying = await rig.second();
    const { id } = await rig.approvals.request(draft());
    await rig.approvals.vote(id, ballot('ana'));
    await dying.approvals.claim(id, oneOfSre);
    return { id, dying };
  };

  it('settles the claim of a process that died since, and leaves that of one that lives', async () => {
    const again = createRecovery({ ...rig.deps, wasAuthorized: async () => true });
    expect(await again()).toEqual([]);
    const { id, dying } = await claimedBySomebodyWhoDies();
    expect(await again()).toEqual([]);
    expect((await rig.approvals.read(id)).state).toBe('claimed');
    await dying.state.close();
    expect(await again()).toMatchObject([{ approval: id, state: 'unknown' }]);
    expect(await again()).toEqual([]);
  });

  it('looks by itself, one look at a time, until it is stopped', async () => {
    const { id, dying } = await claimedBySomebodyWhoDies();
    const told: string[] = [];
    const again = createRecovery({ ...rig.deps, wasAuthorized: async () => false });
    const stop = keepRecovering(again, 5, (settled) => told.push(...settled.map(({ approval }) => approval)), silent);
    await dying.state.close();
    await expect.poll(() => told).toEqual([id]);
    await stop();
    expect((await rig.approvals.read(id)).state).toBe('failed');
  });

  it('writes what ran out, with nobody there who waits for it', async () => {
    const again = createRecovery(rig.deps);
    await rig.approvals.request(draft());
    await again();
    rig.clock.step(15 * 60_000);
    await again();
    expect(rig.audit.events().at(-1)).toMatchObject({ type: 'ApprovalClosed', fields: { state: 'expired' } });
  });

  it('keeps a break-glass where it is found until it was reviewed, however old it is', async () => {
    const requirement = { ...oneOfSre, breakGlass: { groups: ['sre'], withinSeconds: 60 } };
    const { id } = await rig.approvals.request(draft({ requirement }));
    await rig.approvals.vote(id, { ...ballot('ana', 'approve', 'nobody else is awake'), breakGlass: true });
    await rig.approvals.claim(id, requirement);
    await rig.approvals.settle(id, 'succeed', 'ran');
    rig.clock.step(31 * 86_400_000);
    await createRecovery(rig.deps)();
    expect((await rig.approvals.read(id)).review).toBeUndefined();
    await rig.approvals.review(id, { person: person('bo'), comment: undefined });
    await createRecovery(rig.deps)();
    await expect(rig.approvals.read(id)).rejects.toMatchObject({ code: 'NotFound' });
  });
});

describe('a process that dies while it asks', () => {
  it.each([1, 2])('does not keep the next one from asking: killed before operation %d', async (at) => {
    const rig = await createRig();
    try {
      const { state, deps } = await rig.second();
      const crash = crashing(state, at);
      await createApprovals({ ...deps, state: crash.state })
        .request(draft())
        .catch(() => undefined);
      expect(crash.operations()).toBeGreaterThan(at);
      await state.close();
      const asked = await rig.approvals.request(draft());
      expect(asked.state).toBe('pending');
      expect((await rig.approvals.request(draft())).id).toBe(asked.id);
      expect(await rig.approvals.list({})).toHaveLength(1);
    } finally {
      await rig.end();
    }
  });
});
