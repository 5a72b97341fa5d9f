import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana, bo } = slackUsers;
/** https://docs.slack.dev/reference/events/message: somebody else's message comes as an attachment. */
const share = [{ is_msg_unfurl: true, is_share: true, author_id: bo, text: 'approve', ts: '1795252440.000001' }];

it('hears no approve in a message that shares one, with or without words beside it', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.reply(ana, card.ts, '', { attachments: share }).delivery;
  await rig.slack.reply(ana, card.ts, 'approve', { attachments: share }).delivery;
  expect(await rig.whisperTo(ana)).toContain('shares another one');
  await rig.inbound().catchUp(approval);
  expect(await rig.votes(approval.id)).toEqual([]);
});

it('hears none either where the thread gives a shared message as a preview', async () => {
  const { approval, card } = await rig.ask();
  rig.slack.sockets.freeze();
  rig.slack.reply(ana, card.ts, 'approve', { attachments: [{ is_msg_unfurl: true, text: 'approve' }] });
  await rig.inbound().catchUp(approval);
  expect(await rig.votes(approval.id)).toEqual([]);
});

it('keeps an approve with a link in it, whose preview Slack adds after it was heard', async () => {
  const { approval, card } = await rig.ask();
  const { ts } = rig.slack.reply(ana, card.ts, 'approve see https://example.slack.com/archives/C1/p1');
  await until(async () => (await rig.approvals.read(approval.id)).state === 'approved');
  const written = rig.slack.world.find(card.channel, ts);
  Object.assign(written ?? {}, { attachments: [{ is_msg_unfurl: true, text: 'canary is green' }] });
  await rig.inbound().catchUp(approval);
  expect(await rig.votes(approval.id)).toHaveLength(1);
  expect(rig.slack.whispers()).toEqual([]);
});

it('lets somebody stop it also with a shared message', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.reply(ana, card.ts, 'no, see this', { attachments: share }).delivery;
  await until(async () => (await rig.approvals.read(approval.id)).state === 'denied');
});
