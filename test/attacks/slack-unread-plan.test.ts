import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLedger } from '../../src/approval/slack/posted.ts';
import { seal } from '../../src/domain/seal.ts';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana } = slackUsers;
/** Too long for a message: it is a file in the thread. */
const card = { summary: seal('s'), risks: [], diff: seal('  a: b -> c\n'.repeat(400)), reason: seal('r') };

it('approves no plan by words that nobody could read yet, and not when it can be read later', async () => {
  rig.slack.refuse(1, 'internal_error', 'files.getUploadURLExternal');
  const { approval, card: message } = await rig.ask({ card });
  await rig.slack.reply(ana, message.ts, 'approve').delivery;
  expect(await rig.whisperTo(ana)).toContain('the whole plan is not in the thread yet');
  const ledger = createLedger(rig.rig.deps.state);
  await until(() => {
    rig.rig.clock.step(1_000);
    return rig.slack.files().length === 1;
  }, 'the file');
  await until(async () => (await ledger.read(approval.id))?.hasFile === true, 'the file to be known');
  await rig.inbound().catchUp(await rig.approvals.read(approval.id));
  await rig.inbound().catchUp(await rig.approvals.read(approval.id));
  expect(await rig.votes(approval.id)).toEqual([]);
  expect(rig.slack.whispers(ana)).toHaveLength(1);
  await rig.slack.reply(ana, message.ts, 'approve').delivery;
  await until(async () => (await rig.approvals.read(approval.id)).state === 'approved');
});
