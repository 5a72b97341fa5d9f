import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';
import type { FakeMessage } from '../support/slack/world.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana } = slackUsers;
const shown = (card: FakeMessage, change: (text: string) => string) => ({
  message: { ts: card.ts, blocks: JSON.parse(change(JSON.stringify(card.blocks))) },
});

it.each([
  ['an image', (text: string) => text.replace('web:1.4.2', 'web:1.4.1')],
  ['a cluster', (text: string) => text.replaceAll('shop-prod', 'shop-test')],
  ['a digest', (text: string) => text.replace('sha256:plan1', 'sha256:plan2')],
  ['a block that is missing', (text: string) => JSON.stringify(JSON.parse(text).slice(1))],
  ['no blocks at all', () => '[]'],
])('refuses an approve where the person saw another message: %s', async (_, change) => {
  const { approval, card } = await rig.ask();
  for (const button of ['approve', 'deny']) await rig.slack.click(ana, card, button, shown(card, change));
  expect(await rig.whisperTo(ana)).toContain('the message is not what was posted');
  await until(() => rig.slack.whispers(ana).length === 2);
  expect(await rig.votes(approval.id)).toEqual([]);
  expect(rig.slack.views()).toEqual([]);
});

it('does not mind the order of keys', async () => {
  const { approval, card } = await rig.ask();
  const turned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turned);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, each]) => [key, turned(each)]),
    );
  };
  await rig.slack.click(ana, card, 'approve', { message: { ts: card.ts, blocks: turned(card.blocks) } });
  await until(async () => (await rig.approvals.read(approval.id)).state === 'approved');
});

it('refuses a click that shows no message, and one whose button is of another plan', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.click(ana, card, 'approve', { message: undefined });
  expect(await rig.whisperTo(ana)).toContain('the message is not what was posted');
  const value = `${approval.id} sha256:other`;
  const actions = [{ type: 'button', action_id: 'approve', value, action_ts: '1795252441.000100' }];
  await rig.slack.click(ana, card, 'approve', { actions });
  await until(() => rig.slack.whispers(ana).some(({ text }) => text.includes('of another plan')));
  expect(await rig.votes(approval.id)).toEqual([]);
});
