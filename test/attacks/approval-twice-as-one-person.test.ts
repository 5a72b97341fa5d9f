import { afterEach, beforeEach, expect, it } from 'vitest';
import { ballot, createRig, draft, oneOfSre, type Rig } from '../support/approvals.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.end());

const two = { ...oneOfSre, slots: [{ group: 'sre', count: 2 }] };

it('refuses the second approve of one person, through another process and channel too', async () => {
  const { approvals: other } = await rig.second();
  const { id } = await rig.approvals.request(draft({ requirement: two }));
  await rig.approvals.vote(id, ballot('ana'));
  await expect(rig.approvals.vote(id, ballot('ana'))).rejects.toMatchObject({ code: 'Invalid' });
  await expect(other.vote(id, { ...ballot('ana'), channel: 'slack' })).rejects.toMatchObject({ code: 'Invalid' });
  expect(await rig.approvals.read(id)).toMatchObject({ state: 'pending', have: 1, need: 2 });
});

it('counts one person once when both approves come at the same moment', async () => {
  const { approvals: other } = await rig.second();
  const { id } = await rig.approvals.request(draft({ requirement: two }));
  await Promise.allSettled([rig.approvals, other, rig.approvals].map((each) => each.vote(id, ballot('ana'))));
  expect(await rig.approvals.read(id)).toMatchObject({ state: 'pending', have: 1 });
  await expect(other.claim(id, two)).rejects.toMatchObject({ code: 'Denied' });
});

it('does not ask where too few people could ever approve', async () => {
  const security = {
    ...oneOfSre,
    slots: [
      { group: 'security', count: 2 },
      { group: 'sre', count: 2 },
    ],
  };
  // ana, bo and cy are three people for four places.
  await expect(rig.approvals.request(draft({ requirement: security }))).rejects.toMatchObject({
    code: 'ApprovalDenied',
    hint: expect.stringContaining('people'),
  });
  expect(rig.audit.events()).toEqual([]);
});

it('refuses to ask where there is no place where anybody can be asked', async () => {
  const off = await createRig({ local: 'off' });
  await expect(off.approvals.request(draft())).rejects.toMatchObject({
    code: 'ApprovalDenied',
    hint: expect.stringContaining('approvals.local'),
  });
  await off.end();
});
