import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ApprovalDraft } from '../../src/domain/approval.ts';
import { agent, createRig, draft, type Rig } from '../support/approvals.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.end());

const plan = (n: number, name = 'deploy-bot'): ApprovalDraft =>
  draft({ planDigest: `sha256:${name}${n}`, callDigest: `sha256:${name}${n}`, principal: { ...agent, agent: name } });

it('holds at most five approvals of one agent open, however fast they come, and says which', async () => {
  const asked = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => rig.approvals.request(plan(n))));
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  await expect(rig.approvals.request(plan(99))).rejects.toMatchObject({
    code: 'RateLimited',
    hint: expect.stringMatching(/withdraw.*cs-/),
  });
  const [first] = await rig.approvals.list({ open: true });
  await rig.approvals.close(first!.id, 'withdraw', 'room');
  expect((await rig.approvals.request(plan(99))).state).toBe('pending');
});

it('holds at most twenty of one person open, over all agents', async () => {
  for (let bot = 0; bot < 5; bot++) for (let n = 0; n < 4; n++) await rig.approvals.request(plan(n, `bot-${bot}`));
  await expect(rig.approvals.request(plan(0, 'bot-5'))).rejects.toMatchObject({
    code: 'RateLimited',
    message: expect.stringContaining('li@example.com'),
  });
  rig.clock.step(15 * 60_000);
  expect((await rig.approvals.request(plan(0, 'bot-5'))).state).toBe('pending');
});

it('lets one agent ask sixty times in an hour, however many of them it withdraws', async () => {
  const ask = async (n: number): Promise<void> => {
    const { id } = await rig.approvals.request(plan(n));
    await rig.approvals.close(id, 'withdraw', 'again');
  };
  for (let n = 0; n < 60; n++) {
    await ask(n);
    rig.clock.step(10_000);
  }
  await expect(ask(60)).rejects.toMatchObject({
    code: 'RateLimited',
    hint: expect.stringContaining('wait 50 minutes'),
  });
  expect((await rig.approvals.request(plan(0, 'another'))).state).toBe('pending');
  rig.clock.step(50 * 60_000);
  await ask(61);
  await expect(ask(62)).rejects.toMatchObject({ code: 'RateLimited' });
});
