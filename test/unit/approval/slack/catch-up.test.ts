import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { oneOfSre } from '../../../support/approvals.ts';
import { createVotingRig, slackUsers, twoOfSre, until, type VotingRig } from '../../../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana, bo, cy } = slackUsers;
const read = (id: string) => rig.approvals.read(id);
const reaches = (id: string, wanted: string) => until(async () => (await read(id)).state === wanted, wanted);
/** Slack shows them in the thread; the app never hears of them, and does not notice. */
const lose = (): void => rig.slack.sockets.freeze();

describe('before a claim', () => {
  it('reads the thread, so that a deny that was lost stops it', async () => {
    const { approval, card } = await rig.ask();
    await rig.slack.reply(ana, card.ts, 'approve').delivery;
    await reaches(approval.id, 'approved');
    lose();
    rig.slack.reply(bo, card.ts, 'stop, wrong cluster');
    await expect(rig.approvals.claim(approval.id, oneOfSre)).rejects.toMatchObject({ code: 'ApprovalDenied' });
    expect((await read(approval.id)).state).toBe('denied');
  });

  it('claims nothing while the thread cannot be read, from any process, and goes on when it can', async () => {
    const { approval, card } = await rig.ask();
    await rig.slack.reply(ana, card.ts, 'approve').delivery;
    await reaches(approval.id, 'approved');
    const other = await rig.another();
    rig.slack.down();
    for (const { approvals } of [rig, other])
      await expect(approvals.claim(approval.id, oneOfSre)).rejects.toMatchObject({ code: 'Unavailable' });
    expect((await read(approval.id)).state).toBe('approved');
    rig.slack.up();
    expect((await other.approvals.claim(approval.id, oneOfSre)).state).toBe('claimed');
  });

  it('does not claim while a vote of somebody in the registry cannot be looked into', async () => {
    const { approval, card } = await rig.ask();
    await rig.slack.reply(ana, card.ts, 'approve').delivery;
    await reaches(approval.id, 'approved');
    lose();
    rig.slack.reply(bo, card.ts, 'undo');
    rig.slack.refuse(4, 'internal_error', 'users.info');
    await expect(rig.approvals.claim(approval.id, oneOfSre)).rejects.toMatchObject({ code: 'Unavailable' });
  });

  it('lets a deny of somebody known count also where Slack does not say who that is', async () => {
    const { approval, card } = await rig.ask();
    lose();
    rig.slack.reply(bo, card.ts, 'no');
    rig.slack.refuse(4, 'internal_error', 'users.info');
    await rig.inbound().catchUp(approval);
    expect((await read(approval.id)).state).toBe('denied');
  });
});

describe('a thread that is read again', () => {
  it('hears what was lost, denials first', async () => {
    const { approval, card } = await rig.ask();
    lose();
    rig.slack.reply(ana, card.ts, 'approve');
    rig.slack.reply(bo, card.ts, 'no');
    await rig.inbound().catchUp(approval);
    expect((await read(approval.id)).votes.map(({ decision }) => decision)).toEqual(['deny']);
  });

  it('counts what was heard once, however often it is read and by however many', async () => {
    const { approval, card } = await rig.ask({ requirement: twoOfSre });
    await rig.slack.reply(ana, card.ts, 'approve').delivery;
    await until(async () => (await read(approval.id)).have === 1);
    const other = await rig.another();
    await Promise.all([1, 2, 3].map(() => rig.inbound().catchUp(approval)));
    await other.channel.caughtUp(approval);
    expect((await read(approval.id)).votes).toHaveLength(1);
    expect(rig.slack.whispers()).toEqual([]);
  });

  it('does not revive an approve that was refused when it was said', async () => {
    const { approval, card } = await rig.ask();
    await rig.slack.reply(ana, card.ts, 'approve').delivery;
    await reaches(approval.id, 'approved');
    await rig.slack.reply(ana, card.ts, 'approve').delivery;
    await rig.whisperTo(ana);
    await rig.slack.reply(ana, card.ts, 'undo').delivery;
    await reaches(approval.id, 'pending');
    await rig.inbound().catchUp(approval);
    expect((await read(approval.id)).state).toBe('pending');
  });

  it('does not let in a group that was asked too late for what its member said before', async () => {
    const requirement = { ...oneOfSre, escalation: [{ afterSeconds: 60, group: 'security' }] };
    const { approval, card } = await rig.ask({ requirement });
    await rig.slack.reply(cy, card.ts, 'approve').delivery;
    expect(await rig.whisperTo(cy)).toContain('none of the groups');
    rig.rig.clock.step(61_000);
    await rig.inbound().catchUp(approval);
    expect((await read(approval.id)).state).toBe('pending');
    await rig.slack.reply(cy, card.ts, 'approve').delivery;
    await reaches(approval.id, 'approved');
  });

  it('does not count a lost approve that its author took back, in the thread or elsewhere', async () => {
    const { approval, card } = await rig.ask({ requirement: twoOfSre });
    lose();
    rig.slack.reply(ana, card.ts, 'approve');
    rig.slack.reply(ana, card.ts, 'undo');
    rig.slack.reply(bo, card.ts, 'approve');
    rig.rig.clock.step(1_000);
    const person = rig.rig.deps.people.byId('bo@example.com')!;
    for (const decision of ['approve', 'undo'] as const)
      await rig.approvals.vote(approval.id, { person, decision, comment: undefined, channel: 'terminal' });
    await rig.inbound().catchUp(await read(approval.id));
    expect((await read(approval.id)).have).toBe(0);
  });
});

describe('after a gap', () => {
  it('hears what was said during an outage as soon as Slack is back', async () => {
    const { approval, card } = await rig.ask({ requirement: twoOfSre });
    rig.slack.down();
    rig.slack.reply(ana, card.ts, 'approve from the train');
    rig.slack.reply(bo, card.ts, 'approve');
    rig.slack.up();
    await reaches(approval.id, 'approved');
  });

  it('hears a new click only after what was said before it', async () => {
    const { approval, card } = await rig.ask();
    rig.slack.sockets.cut();
    rig.slack.reply(bo, card.ts, 'no');
    await until(() => rig.slack.sockets.count === 0);
    await rig.slack.sockets.connected();
    await rig.slack.click(ana, card, 'approve');
    await reaches(approval.id, 'denied');
    expect((await read(approval.id)).votes.map(({ person }) => person)).toEqual(['bo@example.com']);
  });

  it('hears no approve while the thread cannot be read, and says so; a deny counts at once', async () => {
    const { approval, card } = await rig.ask({ requirement: twoOfSre });
    rig.slack.refuse(1_000, 'internal_error', 'conversations.replies');
    rig.slack.sockets.cut();
    await until(() => rig.slack.sockets.count === 0);
    await rig.slack.sockets.connected();
    await rig.slack.click(ana, card, 'approve');
    expect(await rig.whisperTo(ana)).toContain('cannot be read just now');
    await rig.slack.reply(bo, card.ts, 'stop').delivery;
    await reaches(approval.id, 'denied');
    expect((await read(approval.id)).votes).toHaveLength(1);
  });
});
