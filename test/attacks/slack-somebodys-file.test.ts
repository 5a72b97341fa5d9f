import { afterEach, beforeEach, expect, it } from 'vitest';
import { seal } from '../../src/domain/seal.ts';
import { createSlackRig, type SlackRig, slackUsers } from '../support/slack-rig.ts';

let rig: SlackRig;
beforeEach(async () => {
  rig = await createSlackRig();
});
afterEach(() => rig.end());

const look = async (): Promise<void> => {
  rig.first.keeper.wake();
  await rig.first.keeper.turn();
};

it('takes nobody’s file for the whole plan but our own', async () => {
  rig.slack.refuse(1, 'internal_error', 'files.getUploadURLExternal');
  const diff = seal('  a: b -> c\n'.repeat(400));
  const { id } = await rig.ask({ card: { summary: seal('s'), risks: [], diff, reason: seal('r') } });
  await look();
  const entry = await rig.first.ledger.entry(id);
  if (entry === undefined || entry === 'corrupt') throw new Error('no entry');
  // Killed between the step’s begin and its end.
  await rig.first.ledger.put({ ...entry, begun: ['file'] });
  const { messages } = rig.slack.world;
  messages.push({
    ...{ type: 'message', subtype: 'file_share', channel: rig.slack.channel, text: '', ts: rig.slack.world.nextTs() },
    ...{ user: slackUsers.li, thread_ts: rig.card(id).ts, files: [{ id: 'F1', name: `${id}.txt` }] },
  });
  rig.rig.clock.step(60_000);
  await look();
  expect(rig.slack.files().length).toBe(1);
  expect((await rig.first.ledger.read(id))?.approvable).toBe(true);
});

it('takes nobody’s mark for a line of our own', async () => {
  const { id } = await rig.ask();
  await look();
  const entry = await rig.first.ledger.entry(id);
  if (entry === undefined || entry === 'corrupt') throw new Error('no entry');
  await rig.first.ledger.put({ ...entry, begun: ['remind'] });
  const metadata = { event_type: 'countersign_approval', event_payload: { approval: id, step: 'remind' } };
  rig.slack.world.messages.push({
    ...{ type: 'message', channel: rig.slack.channel, text: 'ours?', ts: rig.slack.world.nextTs() },
    ...{ user: slackUsers.li, bot_id: 'B0OTHER001', thread_ts: rig.card(id).ts, metadata },
  });
  rig.rig.clock.step(460_000);
  await look();
  expect(rig.slack.replies(rig.card(id).ts).filter(({ text }) => text.includes('Half of the time'))).toHaveLength(1);
});
