import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';
import type { FakeUser } from '../support/slack/world.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana, bo } = slackUsers;

it('hears nothing that an app posts, also in the name of a person', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.reply(ana, card.ts, 'approve', { botId: 'B0OTHERBOT' }).delivery;
  await rig.slack.reply(ana, card.ts, 'approve', { subtype: 'bot_message' }).delivery;
  await rig.slack.reply(bo, card.ts, 'no', { botId: 'B0OTHERBOT' }).delivery;
  await rig.inbound().catchUp(approval);
  expect(await rig.votes(approval.id)).toEqual([]);
});

it('counts no click of a workflow, and none of a user that is an app', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.click(ana, card, 'approve', { function_data: { execution_id: 'Fx1' }, bot_access_token: 'xwfp-1' });
  expect(await rig.whisperTo(ana)).toContain('workflows do not vote');
  await rig.slack.click('U0FLOW0001', card, 'approve');
  expect(await rig.whisperTo('U0FLOW0001')).toContain('no record of the people registry');
  expect(await rig.votes(approval.id)).toEqual([]);
});

it('does not believe a record that names an app', async () => {
  const { approval, card } = await rig.ask();
  rig.slack.world.users.set(ana, { ...(rig.slack.world.users.get(ana) as FakeUser), bot: true });
  await rig.slack.reply(ana, card.ts, 'approve').delivery;
  expect(await rig.whisperTo(ana)).toContain('apps and workflows do not vote');
  await until(async () => (await rig.approvals.read(approval.id)).state === 'pending');
});
