import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PeopleRegistry } from '../../src/domain/approval.ts';
import { draft, oneOfSre } from '../support/approvals.ts';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana, bo } = slackUsers;
const read = (id: string) => rig.approvals.read(id);

it('hears a deny again that was refused while its author was not in the registry yet, and says so once', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.reply(ana, card.ts, 'approve').delivery;
  await until(async () => (await read(approval.id)).have === 1);
  const people: { bySlack: PeopleRegistry['bySlack'] } = rig.rig.deps.people;
  const whole = people.bySlack;
  people.bySlack = (team, user) => (user === bo ? undefined : whole(team, user));
  try {
    await rig.slack.reply(bo, card.ts, 'deny wrong cluster').delivery;
    expect(await rig.whisperTo(bo)).toContain('no record');
    await rig.inbound().catchUp(approval);
    await rig.inbound().idle();
    expect(rig.slack.whispers(bo)).toHaveLength(1);
  } finally {
    people.bySlack = whole;
  }
  await expect(rig.approvals.claim(approval.id, oneOfSre)).rejects.toMatchObject({ code: 'ApprovalDenied' });
});

it('hears a deny below a message that somebody deleted', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.reply(ana, card.ts, 'approve').delivery;
  await until(async () => (await read(approval.id)).have === 1);
  rig.slack.sockets.freeze();
  rig.slack.reply(bo, card.ts, 'deny: wrong cluster');
  const { messages } = rig.slack.world;
  messages.splice(
    messages.findIndex(({ ts }) => ts === card.ts),
    1,
  );
  // The agent comes back: the message is edited, not found, and posted again.
  const detach = rig.approvals.awaitedBy(approval.id);
  await until(() => {
    rig.rig.clock.step(500);
    return rig.slack.cards().length === 1;
  }, 'the message to be posted again');
  await until(() =>
    rig.channel.caughtUp(approval).then(
      () => true,
      () => false,
    ),
  );
  await expect(rig.approvals.claim(approval.id, oneOfSre)).rejects.toMatchObject({ code: 'ApprovalDenied' });
  detach();
});

it('answers a deny in the thread of a message whose answer was lost, and hears it when the message is found', async () => {
  await rig.ask();
  rig.slack.dropAnswers(1, 'chat.postMessage');
  const { id } = await rig.approvals.request(draft({ callDigest: 'sha256:x', planDigest: 'sha256:y' }));
  const card = await until(() => rig.slack.cards().find((each) => JSON.stringify(each.metadata).includes(id)));
  await rig.slack.reply(bo, card.ts, 'deny wrong cluster').delivery;
  expect(await rig.whisperTo(bo)).toContain('does not count yet');
  await until(async () => {
    rig.rig.clock.step(1_000);
    return (await read(id)).state === 'denied';
  }, 'the deny');
});

it('shows a deny as sent only when it is recorded', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.click(bo, card, 'deny');
  await rig.inbound().idle();
  await rig.slack.submitView(bo, 'wrong cluster');
  expect((await read(approval.id)).state).toBe('denied');
});
