import { afterEach, beforeEach, expect, it } from 'vitest';
import { seal } from '../../src/domain/seal.ts';
import { createSlackRig, type SlackRig } from '../support/slack-rig.ts';

let rig: SlackRig;
beforeEach(async () => {
  rig = await createSlackRig();
});
afterEach(() => rig.end());

const big = { summary: seal('s'), risks: [], diff: seal('  a: b -> c\n'.repeat(400)), reason: seal('r') };
const isPosted = (id: string): boolean => JSON.stringify(rig.slack.cards()).includes(id);

it('posts the others while one plan’s file cannot be sent', async () => {
  rig.slack.dropAnswers(100_000, 'files.getUploadURLExternal');
  await rig.ask({ card: big });
  rig.rig.clock.step(1_000);
  const other = await rig.ask();
  await rig.first.settle(3);
  expect(isPosted(other.id)).toBe(true);
});

it('posts the others while one message’s edit is never answered', async () => {
  const { id } = await rig.ask();
  await rig.first.settle(5);
  rig.slack.dropAnswers(100_000, 'chat.update');
  await rig.vote(id, 'ana');
  await rig.first.settle(5);
  const other = await rig.ask();
  await rig.first.settle(40);
  expect(isPosted(other.id)).toBe(true);
});

it('goes on where the clock was set back by an hour after a failure', async () => {
  rig.slack.down();
  const { id } = await rig.ask();
  await rig.first.settle(3);
  rig.slack.up();
  rig.rig.clock.step(-3_600_000);
  await rig.first.settle(3);
  expect(isPosted(id)).toBe(true);
});
