import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLedger } from '../../src/approval/slack/posted.ts';
import { seal } from '../../src/domain/seal.ts';
import { eventCallback, messageEvent, richText } from '../support/slack/payloads.ts';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana } = slackUsers;
/** Too long for a message: it is a file in the thread. */
const card = { summary: seal('s'), risks: [], diff: seal('  a: b -> c\n'.repeat(400)), reason: seal('r') };

it('counts no approve that was said before the whole plan was there and is delivered only after it', async () => {
  const { slack } = rig;
  slack.refuse(1, 'internal_error', 'files.getUploadURLExternal');
  const { approval, card: message } = await rig.ask({ card });
  const early = slack.world.nextTs();
  const ledger = createLedger(rig.rig.deps.state);
  await until(() => {
    rig.rig.clock.step(1_000);
    return slack.files().length === 1;
  }, 'the file');
  await until(async () => (await ledger.read(approval.id))?.hasFile === true, 'the file to be known');

  const { channel, ts, user: parent_user_id = '' } = message;
  const words = { text: 'approve', blocks: [richText('approve', 'b1')], client_msg_id: 'client-early' };
  const said = {
    type: 'message' as const,
    channel,
    ts: early,
    user: ana,
    team: slack.team,
    thread_ts: ts,
    parent_user_id,
  };
  slack.world.messages.push({ ...said, ...words });
  const payload = eventCallback(slack.world, messageEvent({ ...said, ...words }), slack.team);
  expect((await slack.sockets.deliver('events_api', payload)).acked).toBe(true);
  expect(await rig.whisperTo(ana)).toContain('the whole plan is not in the thread yet');
  await rig.inbound().catchUp(await rig.approvals.read(approval.id));
  expect(await rig.votes(approval.id)).toEqual([]);

  await slack.reply(ana, ts, 'approve').delivery;
  await until(async () => (await rig.approvals.read(approval.id)).state === 'approved');
});
