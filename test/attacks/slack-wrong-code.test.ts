import { afterEach, beforeEach, expect, it } from 'vitest';
import { oneOfSre } from '../support/approvals.ts';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana } = slackUsers;

it.each([false, true])('refuses an approve with the code of another approval (obligatory: %s)', async (confirmCode) => {
  const { approval, card } = await rig.ask({ requirement: { ...oneOfSre, confirmCode } });
  const other = await rig.ask();
  for (const code of [other.approval.id, 'cs-zzzzzz', approval.id.slice(0, -1), approval.id.replace('c', 'с')])
    await rig.slack.reply(ana, card.ts, `approve ${code}`).delivery;
  await until(() => rig.slack.whispers(ana).length === 4);
  for (const { text } of rig.slack.whispers(ana)) expect(text).toContain('is not that of this approval');
  for (const { id } of [approval, other.approval]) expect(await rig.votes(id)).toEqual([]);
});

it('refuses an approve without a code where it is obligatory, from a click too', async () => {
  const { approval, card } = await rig.ask({ requirement: { ...oneOfSre, confirmCode: true } });
  const actions = [
    {
      type: 'button',
      action_id: 'approve',
      value: `${approval.id} ${approval.planDigest}`,
      action_ts: '1795252441.000100',
    },
  ];
  await rig.slack.click(ana, card, 'deny', { actions });
  await until(() => rig.slack.whispers(ana).length === 1);
  expect(await rig.votes(approval.id)).toEqual([]);
});
