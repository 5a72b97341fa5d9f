import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';
import type { FakeUser } from '../support/slack/world.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

/** The record is still there: the account was made a guest after somebody wrote it. */
it.each([
  ['a multi-channel guest', 'restricted'],
  ['a single-channel guest', 'ultra_restricted'],
] as const)('counts no vote of %s, by click or by words', async (_, guest) => {
  const { approval, card } = await rig.ask();
  const user = rig.slack.world.users.get(slackUsers.ana) as FakeUser;
  rig.slack.world.users.set(user.id, { ...user, guest });
  await rig.slack.click(user.id, card, 'approve');
  expect(await rig.whisperTo(user.id)).toContain('guests do not vote');
  await rig.slack.reply(user.id, card.ts, 'approve').delivery;
  await rig.slack.reply(user.id, card.ts, 'deny').delivery;
  await until(() => rig.slack.whispers(user.id).length === 3);
  await rig.inbound().catchUp(approval);
  expect(await rig.votes(approval.id)).toEqual([]);
});

it('counts no vote of a guest without a record', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.click('U0GUEST001', card, 'approve');
  expect(await rig.whisperTo('U0GUEST001')).toContain('no record of the people registry');
  expect(await rig.votes(approval.id)).toEqual([]);
});
