import { afterEach, beforeEach, expect, it } from 'vitest';
import { oneOfSre } from '../support/approvals.ts';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana, bo } = slackUsers;

async function approved() {
  const { approval, card } = await rig.ask();
  await rig.slack.reply(ana, card.ts, 'approve').delivery;
  await until(async () => (await rig.approvals.read(approval.id)).have === 1);
  rig.slack.sockets.freeze();
  return { id: approval.id, ts: card.ts };
}
const asked = () => rig.slack.calls.filter(({ method }) => method === 'users.info').length;

it('asks Slack nothing about strangers, however many of them write in the thread', async () => {
  const { id, ts } = await approved();
  const before = asked();
  rig.slack.refuse(1_000, 'internal_error', 'users.info');
  for (const word of ['approve', 'no', 'undo', 'approve now']) rig.slack.reply('U0GUEST001', ts, word);
  expect((await rig.approvals.claim(id, oneOfSre)).state).toBe('claimed');
  expect(asked()).toBe(before);
});

it('takes it for an answer that Slack does not show a user', async () => {
  const { id, ts } = await approved();
  rig.slack.refuse(1_000, 'user_not_visible', 'users.info');
  rig.slack.reply(bo, ts, 'approve');
  expect((await rig.approvals.claim(id, oneOfSre)).state).toBe('claimed');
  expect(await rig.whisperTo(bo)).toContain('Slack does not know your user');
});

it('does not wait until everybody has been told why their words are no vote', async () => {
  const { id, ts } = await approved();
  for (let i = 0; i < 30; i++) rig.slack.reply('U0GUEST001', ts, 'approve');
  rig.slack.refuse(1_000, 'internal_error', 'chat.postEphemeral');
  const told = () => rig.slack.calls.filter(({ method }) => method === 'chat.postEphemeral').length;
  rig.slack.delay(1_000, 'chat.postEphemeral');
  expect((await rig.approvals.claim(id, oneOfSre)).state).toBe('claimed');
  // They are being told: at most some of thirty, who take a second each.
  expect(told()).toBeLessThan(30);
});
