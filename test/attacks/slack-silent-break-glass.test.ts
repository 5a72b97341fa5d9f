import { afterEach, beforeEach, expect, it } from 'vitest';
import { seal } from '../../src/domain/seal.ts';
import { oneOfSre } from '../support/approvals.ts';
import { createSlackRig, type SlackRig, slackPeople } from '../support/slack-rig.ts';

let rig: SlackRig;
beforeEach(async () => {
  rig = await createSlackRig();
});
afterEach(() => rig.end());

const requirement = { ...oneOfSre, breakGlass: { groups: ['security'], withinSeconds: 600 } };

async function breakGlass(id: string): Promise<void> {
  const person = slackPeople.byId('cy@example.com')!;
  const comment = 'nobody answers the pager';
  const glass = { decision: 'approve', channel: 'terminal', breakGlass: true, code: id } as const;
  await rig.first.approvals.vote(id, { person, comment, ...glass });
  await rig.first.approvals.claim(id, requirement);
  await rig.first.approvals.settle(id, 'succeed', { message: 'Applied 1 of 1.' });
}

const said = (): number => rig.slack.messages().filter((each) => String(each.text).includes('*Break-glass*')).length;

it('tells everybody of break-glass that was over before Slack was back', async () => {
  rig.slack.down();
  const { id } = await rig.ask({ requirement });
  await rig.first.settle(2);
  await breakGlass(id);
  rig.slack.up();
  await rig.first.settle(90);
  expect(said()).toBe(1);
  expect(JSON.stringify(rig.card(id).blocks)).toContain('Executed: ');
  expect(JSON.stringify(rig.card(id).blocks)).not.toContain('"actions"');
});

it('tells it though no process saw it while it was open, once, with the whole plan to review', async () => {
  const diff = seal('  a: b -> c\n'.repeat(400));
  const { id } = await rig.ask({ requirement, card: { summary: seal('s'), risks: [], diff, reason: seal('r') } });
  await breakGlass(id);
  await rig.first.settle(3);
  await rig.first.settle(90);
  expect(said()).toBe(1);
  expect(rig.slack.files().length).toBe(1);
});

it('posts nothing of it where somebody else has looked already', async () => {
  const { id } = await rig.ask({ requirement });
  await breakGlass(id);
  const person = slackPeople.byId('bo@example.com')!;
  await rig.first.approvals.review(id, { person, comment: undefined });
  await rig.first.settle(90);
  expect(rig.slack.cards()).toEqual([]);
});
