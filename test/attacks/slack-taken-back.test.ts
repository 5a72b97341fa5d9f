import { afterEach, beforeEach, expect, it } from 'vitest';
import { oneOfSre } from '../support/approvals.ts';
import { eventCallback, messageEvent } from '../support/slack/payloads.ts';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';
import type { FakeMessage } from '../support/slack/world.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana } = slackUsers;
const read = (id: string) => rig.approvals.read(id);

function replyOf(card: FakeMessage, text: string): FakeMessage {
  const found = rig.slack.replies(card.ts).find((each) => each.text === text);
  if (found === undefined) throw new Error(`nobody said ${text}`);
  return found;
}
/** Slack sends an event again that was not acknowledged, and not always in its order. */
async function deliver(card: FakeMessage, text: string): Promise<void> {
  await rig.slack.sockets.deliver('events_api', eventCallback(rig.slack.world, messageEvent(replyOf(card, text))));
  await rig.inbound().idle();
}
async function connectAgain(): Promise<void> {
  rig.slack.sockets.cut();
  await until(() => rig.slack.sockets.count === 0);
  await rig.slack.sockets.connected();
  await rig.inbound().idle();
}

it('counts no approve that comes again after it was found taken back', async () => {
  const { approval, card } = await rig.ask();
  rig.slack.sockets.freeze();
  rig.slack.reply(ana, card.ts, 'approve');
  rig.slack.reply(ana, card.ts, 'undo');
  await rig.inbound().catchUp(await read(approval.id));
  await connectAgain();
  await deliver(card, 'approve');
  expect((await read(approval.id)).state).toBe('pending');
});

it('counts no approve that is delivered after its undo, whichever way its author gave it', async () => {
  const { approval, card } = await rig.ask();
  const early = rig.slack.world.nextTs();
  rig.slack.sockets.freeze();
  rig.slack.reply(ana, card.ts, 'approve');
  rig.slack.reply(ana, card.ts, 'undo');
  await connectAgain();
  await deliver(card, 'undo');
  await deliver(card, 'approve');
  const buttons = card.blocks?.flatMap((block) =>
    'elements' in block && Array.isArray(block.elements) ? block.elements : [],
  );
  const action = buttons?.find((each) => each.action_id === 'approve');
  await rig.slack.click(ana, card, 'approve', { actions: [{ ...action, action_ts: early }] });
  await rig.inbound().idle();
  expect(rig.slack.whispers(ana).at(-1)?.text).toContain('click again');
  await expect(rig.approvals.claim(approval.id, oneOfSre)).rejects.toThrow();
  expect((await read(approval.id)).votes).toEqual([]);
  // What is said after it counts.
  await rig.slack.reply(ana, card.ts, 'approve again').delivery;
  await until(async () => (await read(approval.id)).state === 'approved');
});

it('takes back what was recorded after its undo had found nothing', async () => {
  const { approval, card } = await rig.ask();
  const { ts } = rig.slack.reply(ana, card.ts, 'looking');
  await rig.slack.reply(ana, card.ts, 'undo').delivery;
  await rig.whisperTo(ana);
  // Another process heard the approve of that time at the same moment.
  const person = rig.rig.deps.people.byId('ana@example.com');
  if (person === undefined) throw new Error('no ana');
  const source = `slack:${rig.slack.channel}/${ts}`;
  await rig.approvals.vote(approval.id, { person, decision: 'approve', comment: undefined, channel: 'slack', source });
  await expect(rig.approvals.claim(approval.id, oneOfSre)).rejects.toThrow();
  expect((await read(approval.id)).votes.map(({ decision }) => decision)).toEqual(['approve', 'undo']);
});

it('hears an undo once, also when it is edited', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.reply(ana, card.ts, 'approve').delivery;
  await until(async () => (await read(approval.id)).have === 1);
  const { ts, delivery } = rig.slack.reply(ana, card.ts, 'undo');
  await delivery;
  await until(async () => (await read(approval.id)).have === 0);
  rig.rig.clock.step(2_000);
  await rig.slack.reply(ana, card.ts, 'approve now').delivery;
  await until(async () => (await read(approval.id)).have === 1);
  await rig.slack.edit(ts, 'undo, sorry');
  await rig.inbound().catchUp(await read(approval.id));
  expect((await read(approval.id)).state).toBe('approved');
});

it('takes back an approve that is edited into an undo', async () => {
  const { approval, card } = await rig.ask();
  const { ts, delivery } = rig.slack.reply(ana, card.ts, 'approve');
  await delivery;
  await until(async () => (await read(approval.id)).have === 1);
  await rig.slack.edit(ts, 'undo');
  await rig.inbound().catchUp(await read(approval.id));
  expect((await read(approval.id)).have).toBe(0);
});
