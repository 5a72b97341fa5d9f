import { afterEach, describe, expect, it } from 'vitest';
import { oneOfSre } from '../../../support/approvals.ts';
import {
  createVotingRig,
  slackUsers,
  twoOfSre,
  until,
  type VotingRig,
  type VotingRigOptions,
} from '../../../support/slack/rig.ts';

let rig: VotingRig;
const start = async (options: VotingRigOptions = {}): Promise<VotingRig> => {
  rig = await createVotingRig(options);
  return rig;
};
afterEach(() => rig.end());

const { ana, bo, cy } = slackUsers;
const state = async (id: string) => (await rig.approvals.read(id)).state;
const reaches = (id: string, wanted: string) =>
  until(async () => (await state(id)) === wanted, `${id} to be ${wanted}`);

describe('clicks', () => {
  it('approves by the button, and says by what', async () => {
    await start();
    const { approval, card } = await rig.ask();
    expect(await rig.slack.click(ana, card, 'approve')).toEqual({ acked: true, answer: undefined });
    await reaches(approval.id, 'approved');
    const [vote] = (await rig.approvals.read(approval.id)).votes;
    expect(vote).toMatchObject({ person: 'ana@example.com', decision: 'approve', channel: 'slack' });
    expect(vote?.source).toMatch(/^slack:C0APPROVE1\/\d+\.\d{6}$/);
    expect(rig.slack.whispers()).toEqual([]);
  });

  it('asks what to do instead, and denies with those words', async () => {
    await start();
    const { approval, card } = await rig.ask();
    await rig.slack.click(bo, card, 'deny');
    await until(() => rig.slack.views().length > 0);
    expect(await state(approval.id)).toBe('pending');
    await rig.slack.submitView(bo, 'Not during the sale.\nScale to 6 first.');
    await reaches(approval.id, 'denied');
    const [vote] = (await rig.approvals.read(approval.id)).votes;
    expect(vote).toMatchObject({ person: 'bo@example.com', decision: 'deny' });
    expect(vote?.comment).toContain('Scale to 6 first.');
  });

  it('denies at once where no modal opens, and asks in the thread', async () => {
    await start();
    const { approval, card } = await rig.ask();
    rig.slack.refuse(1, 'expired_trigger_id', 'views.open');
    await rig.slack.click(ana, card, 'deny');
    await reaches(approval.id, 'denied');
    await until(() =>
      rig.slack.replies(card.ts).some(({ text }) => text.includes('What should the agent do instead?')),
    );
  });

  it('puts the whole diff into the thread', async () => {
    await start();
    const { card } = await rig.ask();
    await rig.slack.click(ana, card, 'diff');
    await until(() => rig.slack.files().find(({ thread }) => thread === card.ts));
  });

  it('answers a button of an approval that is not known', async () => {
    await start();
    const { card } = await rig.ask();
    const actions = [{ ...actionOf(card, 'approve'), value: 'cs-zzzzzz sha256:plan1', action_ts: '1763716441.000100' }];
    await rig.slack.click(ana, card, 'approve', { actions });
    expect(await rig.whisperTo(ana)).toContain('there is no approval `cs-zzzzzz`');
  });

  it('tells who may not vote why, and who votes too late', async () => {
    await start();
    const { approval, card } = await rig.ask();
    await rig.slack.click(cy, card, 'approve');
    expect(await rig.whisperTo(cy)).toContain('is in none of the groups');
    const before = structuredClone(card);
    await rig.approvals.close(approval.id, 'withdraw', '');
    await rig.slack.click(ana, before, 'approve');
    expect(await rig.whisperTo(ana)).toMatch(/too late|has just changed/);
  });
});

describe('replies', () => {
  it('counts an approve with its comment, and an undo', async () => {
    await start();
    const { approval, card } = await rig.ask();
    await rig.slack.reply(ana, card.ts, `approve ${approval.id} ok, canary looked fine`).delivery;
    await reaches(approval.id, 'approved');
    expect((await rig.approvals.read(approval.id)).votes[0]?.comment).toBe('ok, canary looked fine');
    await rig.slack.reply(ana, card.ts, 'undo').delivery;
    await reaches(approval.id, 'pending');
  });

  it('counts a deny, with what to do instead', async () => {
    await start();
    const { approval, card } = await rig.ask();
    await rig.slack.reply(ana, card.ts, 'no, not during the sale').delivery;
    await reaches(approval.id, 'denied');
    expect((await rig.approvals.read(approval.id)).votes[0]?.comment).toBe('not during the sale');
  });

  it('counts two people as two, one by a click and one by a reply', async () => {
    await start();
    const { approval, card } = await rig.ask({ requirement: twoOfSre });
    await rig.slack.click(ana, card, 'approve');
    await until(async () => (await rig.approvals.read(approval.id)).have === 1);
    await rig.slack.reply(bo, card.ts, 'approve', { subtype: 'thread_broadcast' }).delivery;
    await reaches(approval.id, 'approved');
  });

  it('wants plain words for an approve, and takes a deny with a file too', async () => {
    await start();
    const { approval, card } = await rig.ask();
    const files = [{ id: 'F1', name: 'graph.png' }];
    await rig.slack.reply(ana, card.ts, 'approve', { subtype: 'file_share', files }).delivery;
    expect(await rig.whisperTo(ana)).toContain('only plain words are a vote');
    await rig.slack.reply(ana, card.ts, 'no', { subtype: 'file_share', files }).delivery;
    await reaches(approval.id, 'denied');
  });

  it('answers status, diff and help', async () => {
    await start();
    const { card } = await rig.ask();
    await rig.slack.reply(cy, card.ts, 'status').delivery;
    expect(await rig.whisperTo(cy)).toContain('is pending');
    await rig.slack.reply(ana, card.ts, 'help').delivery;
    expect(await rig.whisperTo(ana)).toContain('you countersign exactly this plan');
    await rig.slack.reply(bo, card.ts, 'diff').delivery;
    await until(() => rig.slack.files().find(({ thread }) => thread === card.ts));
  });

  it('says once to each person how to vote, and leaves talk alone', async () => {
    await start();
    const { approval, card } = await rig.ask();
    for (const text of ['lgtm', 'ok', 'who wrote this?']) await rig.slack.reply(ana, card.ts, text).delivery;
    await rig.slack.reply(bo, card.ts, 'why now?').delivery;
    await rig.slack.reply(bo, card.ts, 'approve').delivery;
    await reaches(approval.id, 'approved');
    expect(rig.slack.whispers()).toEqual([expect.objectContaining({ user: ana, thread: card.ts })]);
    expect(rig.slack.whispers()[0]?.text).toMatch(/^That is no vote\. Reply in this thread/);
  });

  it('answers a vote that names an approval in the wrong place', async () => {
    await start();
    const first = await rig.ask();
    const other = rig.slack.reply(bo, first.card.ts, 'hello');
    await rig.slack.reply(ana, other.ts, `approve ${first.approval.id}`).delivery;
    expect(await rig.whisperTo(ana)).toContain(`reply in the thread of \`${first.approval.id}\``);
    await rig.slack.reply(bo, other.ts, 'deny cs-zzzzzz').delivery;
    expect(await rig.whisperTo(bo)).toContain('there is no approval `cs-zzzzzz`');
    expect(await state(first.approval.id)).toBe('pending');
  });

  it('wants the code where the rule does', async () => {
    await start();
    const { approval, card } = await rig.ask({ requirement: { ...oneOfSre, confirmCode: true } });
    await rig.slack.reply(ana, card.ts, 'approve').delivery;
    expect(await rig.whisperTo(ana)).toContain(`write: approve ${approval.id}`);
    await rig.slack.reply(ana, card.ts, `approve ${approval.id}`).delivery;
    await reaches(approval.id, 'approved');
  });

  it('breaks the glass with code and reason', async () => {
    await start();
    const breakGlass = { groups: ['security'], withinSeconds: 300 };
    const { approval, card } = await rig.ask({ requirement: { ...twoOfSre, breakGlass } });
    await rig.slack.reply(cy, card.ts, `break-glass ${approval.id} the shop is down, nobody answers`).delivery;
    await reaches(approval.id, 'approved');
    expect((await rig.approvals.read(approval.id)).votes[0]).toMatchObject({ breakGlass: true });
  });
});

function actionOf(card: { readonly blocks?: object[] }, id: string): object {
  const found = ((card.blocks ?? []) as { block_id: string; elements?: { action_id?: string }[] }[])
    .flatMap(({ block_id, elements = [] }) => elements.map((each) => ({ ...each, block_id })))
    .find(({ action_id }) => action_id === id);
  if (found === undefined) throw new Error(`no button ${id}`);
  return found;
}
