import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { li } = slackUsers;

it('does not let the person behind the agent countersign through Slack', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.click(li, card, 'approve');
  expect(await rig.whisperTo(li)).toContain('is the person behind deploy-bot');
  await rig.slack.reply(li, card.ts, `approve ${approval.id}`).delivery;
  await until(() => rig.slack.whispers(li).length === 2);
  await rig.inbound().catchUp(approval);
  expect(await rig.votes(approval.id)).toEqual([]);
});

it('lets that person stop the own agent', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.reply(li, card.ts, 'stop').delivery;
  await until(async () => (await rig.approvals.read(approval.id)).state === 'denied');
});
