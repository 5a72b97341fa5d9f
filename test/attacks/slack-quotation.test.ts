import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVotingRig, slackUsers, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

it('makes no vote of what somebody quotes, shows as code or strikes out', async () => {
  const { approval, card } = await rig.ask();
  for (const text of ['> approve', '`approve`', '```\napprove\n```', '~approve~', ':approve:', '> approve\nagreed'])
    await rig.slack.reply(slackUsers.ana, card.ts, text).delivery;
  // The plain text of the message says approve, its blocks say that it is a quotation.
  const quote = { type: 'rich_text_quote', elements: [{ type: 'text', text: 'approve' }] };
  await rig.slack.reply(slackUsers.bo, card.ts, 'approve', { blocks: [{ type: 'rich_text', elements: [quote] }] })
    .delivery;
  await rig.inbound().catchUp(approval);
  expect(await rig.votes(approval.id)).toEqual([]);
});
