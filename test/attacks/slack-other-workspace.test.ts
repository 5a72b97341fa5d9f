import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVotingRig, slackUsers, type VotingRig } from '../support/slack/rig.ts';
import type { FakeUser } from '../support/slack/world.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana } = slackUsers;
const other = 'U0OTHER001';

it('counts no vote of somebody who is in the channel from another workspace, with a known e-mail address', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.reply(other, card.ts, 'approve').delivery;
  expect(await rig.whisperTo(other)).toContain('another workspace');
  await rig.slack.click(other, card, 'approve');
  await rig.inbound().catchUp(approval);
  expect(await rig.votes(approval.id)).toEqual([]);
});

it('does not take the same user id of another workspace for the person', async () => {
  const { approval, card } = await rig.ask();
  const user = { id: ana, username: 'ana', name: 'ana', team_id: 'T0OTHERTEAM' };
  await rig.slack.click(ana, card, 'approve', { user });
  expect(await rig.whisperTo(ana)).toContain('another workspace');
  rig.slack.world.users.set(ana, { ...(rig.slack.world.users.get(ana) as FakeUser), team: 'T0OTHERTEAM' });
  rig.rig.clock.step(31_000);
  // The payload says ours; Slack says theirs.
  await rig.slack.click(ana, card, 'approve', { user: { ...user, team_id: rig.slack.team } });
  await rig.slack.reply(ana, card.ts, 'approve').delivery;
  expect(await rig.votes(approval.id)).toEqual([]);
});

it('refuses a click whose workspace is another one', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.click(ana, card, 'approve', { team: { id: 'T0OTHERTEAM', domain: 'x' } });
  expect(await rig.whisperTo(ana)).toContain('is another one');
  expect(await rig.votes(approval.id)).toEqual([]);
});
