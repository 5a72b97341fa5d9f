import { afterEach, beforeEach, expect, it } from 'vitest';
import { ballot, createRig, draft, oneOfSre, type Rig } from '../support/approvals.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.end());

it.each([
  ['withdrawn', async (id: string) => void (await rig.approvals.close(id, 'withdraw', 'gone'))],
  ['denied', async (id: string) => void (await rig.approvals.vote(id, ballot('bo', 'deny')))],
  ['expired', async (_: string) => rig.clock.step(15 * 60_000)],
])('refuses every vote for what is %s, and nothing comes back', async (state, end) => {
  const { id } = await rig.approvals.request(draft());
  await end(id);
  for (const decision of ['approve', 'deny', 'undo'] as const)
    await expect(rig.approvals.vote(id, ballot('ana', decision))).rejects.toMatchObject({
      code: 'Invalid',
      message: expect.stringContaining(state),
    });
  expect((await rig.approvals.read(id)).state).toBe(state);
  expect(await rig.approvals.input(id)).toBeUndefined();
});

it('refuses a vote after the claim, and the run goes on', async () => {
  const { id } = await rig.approvals.request(draft());
  await rig.approvals.vote(id, ballot('ana'));
  await rig.approvals.claim(id, oneOfSre);
  await expect(rig.approvals.vote(id, ballot('bo', 'deny'))).rejects.toThrow('in use already');
  await expect(rig.approvals.vote(id, ballot('ana', 'undo'))).rejects.toThrow('in use already');
  expect((await rig.approvals.settle(id, 'succeed', null)).state).toBe('executed');
});

it.each(['cs-zzzzzz', '../../keys', 'cs-abc123/../x', 'constructor', ''])('does not know %j', async (id) => {
  await expect(rig.approvals.vote(id, ballot('ana'))).rejects.toMatchObject({ code: 'NotFound' });
  await expect(rig.approvals.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'NotFound' });
  await expect(rig.approvals.result(id)).resolves.toBeUndefined();
  await expect(rig.approvals.seen(id)).rejects.toMatchObject({ code: 'NotFound' });
});

it('lets no claim run that slept past its time between its look and its link', async () => {
  const slow = await rig.second();
  const { createExclusive } = slow.deps.state;
  const { createApprovals } = await import('../../src/approval/service.ts');
  const sleeper = createApprovals({
    ...slow.deps,
    state: {
      ...slow.deps.state,
      createExclusive: async (path, content) => {
        const made = await createExclusive(path, content);
        if (path.endsWith('end')) rig.clock.step(16 * 60_000);
        return made;
      },
    },
  });
  const { id } = await rig.approvals.request(draft());
  await rig.approvals.vote(id, ballot('ana'));
  await expect(sleeper.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Denied' });
  expect((await rig.approvals.read(id)).state).toBe('failed');
});
