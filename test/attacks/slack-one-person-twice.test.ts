import { afterEach, beforeEach, expect, it } from 'vitest';
import { person } from '../support/approvals.ts';
import { createVotingRig, slackUsers, twoOfSre, until, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana } = slackUsers;
const have = async (id: string) => (await rig.approvals.read(id)).have;

it('counts one person once: by click, by reply and at the terminal', async () => {
  const { approval, card } = await rig.ask({ requirement: twoOfSre });
  await rig.slack.click(ana, card, 'approve');
  await until(async () => (await have(approval.id)) === 1);
  await rig.slack.reply(ana, card.ts, 'approve').delivery;
  expect(await rig.whisperTo(ana)).toContain('one person counts once');
  const terminal = { person: person('ana'), decision: 'approve', comment: undefined, channel: 'terminal' } as const;
  await expect(rig.approvals.vote(approval.id, terminal)).rejects.toMatchObject({ code: 'Invalid' });
  await rig.inbound().catchUp(approval);
  expect(await have(approval.id)).toBe(1);
});

it('counts one person once when click, reply and terminal come at the same moment, in two processes', async () => {
  const { approval, card } = await rig.ask({ requirement: twoOfSre });
  const other = await rig.another();
  const reply = rig.slack.reply(ana, card.ts, 'approve');
  await Promise.allSettled([
    rig.slack.click(ana, card, 'approve'),
    reply.delivery,
    other.channel.caughtUp(approval),
    other.approvals.vote(approval.id, {
      person: person('ana'),
      decision: 'approve',
      comment: undefined,
      channel: 'terminal',
    }),
  ]);
  await rig.inbound().catchUp(approval);
  const { state, votes } = await rig.approvals.read(approval.id);
  expect([state, await have(approval.id), new Set(votes.map((vote) => vote.person)).size]).toEqual(['pending', 1, 1]);
});
