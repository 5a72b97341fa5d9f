import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Approval } from '../../../../src/domain/approval.ts';
import { person } from '../../../support/approvals.ts';
import { createSlackRig, type SlackRig, slackUsers } from '../../../support/slack-rig.ts';

let rig: SlackRig;
beforeEach(async () => {
  rig = await createSlackRig();
});
afterEach(() => rig.end());

async function look(): Promise<void> {
  rig.first.keeper.wake();
  await rig.first.keeper.turn();
}

/** A run whose answer was lost, told in Slack as such. */
async function lost(): Promise<Approval> {
  const { id, requirement } = await rig.ask();
  await look();
  await rig.vote(id, 'ana');
  await rig.first.approvals.claim(id, requirement);
  const approval = await rig.first.approvals.settle(id, 'lose', { message: 'no answer' });
  await look();
  expect(thread(id).at(-1)).toContain('OUTCOME UNKNOWN: ');
  return approval;
}
const thread = (id: string): readonly string[] => rig.slack.replies(rig.card(id).ts).map(({ text = '' }) => text);
const toLi = (): readonly string[] => rig.slack.directMessages(slackUsers.li).map(({ text = '' }) => text);
const header = (id: string): string => JSON.stringify(rig.card(id).blocks?.[0]);

it('tells thread, message and person what Countersign found out by reading, once', async () => {
  const { id } = await lost();
  const [lines, told] = [thread(id).length, toLi().length];
  const because = 'ConfigMap shop/a holds what was sent, by field manager countersign.';
  await rig.first.approvals.reconcile(id, { person: undefined, command: 'succeed', because });
  for (let turn = 0; turn < 3; turn++) await look();
  expect(header(id)).toContain('Executed: apply 1 object in shop-prod');
  expect(thread(id)).toHaveLength(lines + 1);
  expect(thread(id).at(-1)).toContain('Executed, as Countersign found out by reading the cluster:');
  expect(thread(id).at(-1)).toContain(because);
  expect(toLi()).toHaveLength(told + 1);
  expect(toLi().at(-1)).toContain('Executed, as Countersign found out by reading the cluster:');
});

it('says in the thread what the cluster does not tell and by which command a person says it; then what they said, escaped', async () => {
  const { id } = await lost();
  const [lines, told] = [thread(id).length, toLi().length];
  await rig.first.approvals.undecidable(id, 'ConfigMap shop/a is not there.');
  for (let turn = 0; turn < 3; turn++) await look();
  expect(header(id)).toContain('OUTCOME UNKNOWN: apply');
  expect(thread(id)).toHaveLength(lines + 1);
  expect(thread(id).at(-1)).toContain('which does not tell what became of');
  expect(thread(id).at(-1)).toContain('ConfigMap shop/a is not there.');
  expect(thread(id).at(-1)).toContain(`countersign approvals settle ${id} --as executed|failed REASON`);
  expect(toLi(), 'nothing new for the person behind the agent').toHaveLength(told);

  rig.rig.clock.step(120_000);
  const because = 'still *old*, asked <!channel>';
  await rig.first.approvals.reconcile(id, { person: person('ana'), command: 'fail', because });
  for (let turn = 0; turn < 3; turn++) await look();
  expect(header(id)).toContain('Failed, not carried out whole: apply');
  expect(thread(id)).toHaveLength(lines + 2);
  expect(thread(id).at(-1)).toContain(`Failed, not carried out whole, as <@${slackUsers.ana}> found out:`);
  expect(thread(id).at(-1)).toContain('still \\u{2a}old\\u{2a}, asked &lt;!channel&gt;');
  expect(toLi().at(-1)).toContain(`Failed, not carried out whole, as <@${slackUsers.ana}> found out:`);
});

it('is told by another process where the one that ran it died', async () => {
  const { id } = await lost();
  const other = await rig.another();
  await rig.first.die();
  await other.approvals.reconcile(id, { person: person('ana'), command: 'succeed', because: 'it is there' });
  for (let turn = 0; turn < 3; turn++) {
    other.keeper.wake();
    await other.keeper.turn();
  }
  expect(header(id)).toContain('Executed: apply');
  expect(thread(id).filter((line) => line.includes('found out:'))).toHaveLength(1);
});
