import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana } = slackUsers;
const read = (id: string) => rig.approvals.read(id);

it('makes no approve of talk that was edited into one, live or when the thread is read', async () => {
  const { approval, card } = await rig.ask();
  const { ts, delivery } = rig.slack.reply(ana, card.ts, 'looking into it');
  await delivery;
  await rig.slack.edit(ts, 'approve');
  await rig.inbound().catchUp(approval);
  expect(await rig.whisperTo(ana)).toContain('edited words are no vote');
  await rig.inbound().catchUp(approval);
  expect(rig.slack.whispers(ana)).toHaveLength(1);
  expect(await rig.votes(approval.id)).toEqual([]);
});

it('keeps an approve whose comment was edited, with the words that were heard', async () => {
  const { approval, card } = await rig.ask();
  const { ts } = rig.slack.reply(ana, card.ts, 'approve the canary');
  await until(async () => (await read(approval.id)).state === 'approved');
  await rig.slack.edit(ts, 'approve everything');
  await rig.inbound().catchUp(approval);
  expect((await read(approval.id)).votes).toMatchObject([{ comment: 'the canary' }]);
  expect(rig.slack.whispers()).toEqual([]);
});

it('keeps an approve that was deleted after it was heard', async () => {
  const { approval, card } = await rig.ask();
  const { ts } = rig.slack.reply(ana, card.ts, 'approve');
  await until(async () => (await read(approval.id)).state === 'approved');
  await rig.slack.remove(ts);
  await rig.inbound().catchUp(approval);
  expect((await read(approval.id)).state).toBe('approved');
});

it('stops at words that were edited into a deny', async () => {
  const { approval, card } = await rig.ask();
  const { ts } = rig.slack.reply(ana, card.ts, 'approve');
  await until(async () => (await read(approval.id)).state === 'approved');
  await rig.slack.edit(ts, 'no, I misread it');
  await rig.inbound().catchUp(approval);
  expect((await read(approval.id)).state).toBe('denied');
});
