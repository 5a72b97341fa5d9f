import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVotingRig, slackUsers, type VotingRig } from '../support/slack/rig.ts';
import type { FakeUser } from '../support/slack/world.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

it('counts nothing that a person said whose account is deactivated by the time it is read', async () => {
  const { ana } = slackUsers;
  const { approval, card } = await rig.ask();
  rig.slack.sockets.freeze();
  rig.slack.reply(ana, card.ts, 'approve');
  rig.slack.world.users.set(ana, { ...(rig.slack.world.users.get(ana) as FakeUser), deactivated: true });
  await rig.inbound().catchUp(approval);
  expect(await rig.whisperTo(ana)).toContain('deactivated');
  expect(await rig.votes(approval.id)).toEqual([]);
});
