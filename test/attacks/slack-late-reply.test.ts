import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana } = slackUsers;

it('counts no approve that was written after the deadline, by our clock', async () => {
  const { approval, card } = await rig.ask();
  rig.rig.clock.step(900_001);
  await rig.slack.reply(ana, card.ts, 'approve').delivery;
  expect(await rig.whisperTo(ana)).toMatch(/too late/);
  expect((await rig.approvals.read(approval.id)).state).toBe('expired');
});

it('counts none by Slack’s clock either, where ours is behind', async () => {
  const { approval, card } = await rig.ask();
  rig.slack.sockets.freeze();
  rig.rig.clock.step(900_001);
  rig.slack.reply(ana, card.ts, 'approve');
  rig.rig.clock.step(-60_000);
  await rig.inbound().catchUp(approval);
  expect(await rig.whisperTo(ana)).toContain('it came too late');
  expect(await rig.votes(approval.id)).toEqual([]);
});

it('does not count a reply of long ago when the quorum would be met by it later', async () => {
  const { approval, card } = await rig.ask();
  rig.slack.sockets.freeze();
  rig.slack.reply(ana, card.ts, 'approve');
  rig.rig.clock.step(900_001);
  await rig.inbound().catchUp(approval);
  await until(async () => (await rig.approvals.read(approval.id)).state === 'expired');
});
