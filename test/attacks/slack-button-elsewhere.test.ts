import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana } = slackUsers;

it.each([
  ['another channel', { channel_id: 'C0ELSEWHER', is_ephemeral: false }],
  ['another message', { message_ts: '1795252440.000001' }],
  ['a private line', { is_ephemeral: true }],
  ['a modal', { type: 'view' }],
])('refuses a button that was clicked in %s', async (_, where) => {
  const { approval, card } = await rig.ask();
  const container = { type: 'message', message_ts: card.ts, channel_id: rig.slack.channel, ...where };
  await rig.slack.click(ana, card, 'approve', { container });
  expect(await rig.votes(approval.id)).toEqual([]);
});

it('refuses the button of one approval on the message of another', async () => {
  const first = await rig.ask();
  const second = await rig.ask();
  const value = `${first.approval.id} ${first.approval.planDigest}`;
  const actions = [{ type: 'button', action_id: 'approve', value, action_ts: '1795252441.000100' }];
  await rig.slack.click(ana, second.card, 'approve', { actions });
  expect(await rig.whisperTo(ana)).toContain('is another one');
  for (const { approval } of [first, second]) expect(await rig.votes(approval.id)).toEqual([]);
});

it('refuses the words of a modal that was opened for another plan', async () => {
  const first = await rig.ask();
  await rig.slack.click(ana, first.card, 'deny');
  const opened = await until(() => rig.slack.views()[0]);
  for (const context of [{ approval: first.approval.id, planDigest: 'sha256:other' }, { approval: 'cs-zzzzzz' }, 'x']) {
    rig.slack.world.views.push({ ...opened, view: { ...opened.view, private_metadata: JSON.stringify(context) } });
    await rig.slack.submitView(ana, 'no');
  }
  await until(() => rig.logs.filter(({ message }) => message.includes('a modal in Slack')).length === 3);
  expect((await rig.approvals.read(first.approval.id)).state).toBe('pending');
});
