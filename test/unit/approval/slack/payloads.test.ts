import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { readMessage } from '../../../../src/approval/slack/answers.ts';
import { wordsOf } from '../../../../src/approval/slack/deny-modal.ts';
import { hear } from '../../../../src/approval/slack/grammar.ts';
import { readDenyContext, readEvent, readInteraction } from '../../../../src/approval/slack/payloads.ts';
import { createVotingRig, slackUsers, type VotingRig } from '../../../support/slack/rig.ts';

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../../fixtures/slack/${name}.json`, import.meta.url), 'utf8'));

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

it('reads a click as Slack documents it', () => {
  const click = readInteraction(fixture('block_actions'));
  expect(click).toMatchObject({
    type: 'block_actions',
    user: { id: 'U0ANA00001', team_id: 'T0TEAM0001' },
    container: { channel_id: 'C0APPROVE1', message_ts: '1795252440.000000', is_ephemeral: false },
    actions: [{ action_id: 'approve', value: 'cs-7f3k2m sha256:plan', action_ts: '1795252442.140011' }],
  });
});

it('reads the words of a modal, and that there are none', () => {
  const raw = fixture('view_submission');
  const read = (value: unknown) => {
    const submitted = readInteraction(value);
    return submitted?.type === 'view_submission' ? submitted : undefined;
  };
  const submitted = read(raw)!;
  expect(wordsOf(submitted)).toBe('Scale to 6 first');
  expect(readDenyContext(submitted.view.private_metadata)).toEqual({
    approval: 'cs-7f3k2m',
    planDigest: 'sha256:plan',
  });
  raw.view.state.values.instead.words.value = null;
  expect(wordsOf(read(raw)!)).toBeUndefined();
});

it('reads a reply, and tells one that was changed, removed or is of an app', () => {
  const heardIn = (name: string) => readMessage(readEvent(fixture(name))?.event);
  const reply = heardIn('message')!;
  expect(reply).toMatchObject({ user: 'U0ANA00001', bot: false, edited: false, forwarded: false });
  expect(hear(reply)).toMatchObject({ decision: 'approve', code: 'cs-7f3k2m', comment: 'ok & fine' });
  for (const name of ['message_changed', 'message_deleted']) expect(readEvent(fixture(name))?.event.hidden).toBe(true);
  expect(readMessage(readEvent(fixture('message_changed'))?.event.message)?.edited).toBe(true);
  expect(heardIn('bot_message')).toMatchObject({ bot: true, user: undefined });
});

it('takes for nothing what is none of these', () => {
  for (const raw of [null, 'x', [], {}, { type: 'shortcut' }, { ...fixture('block_actions'), actions: [] }])
    expect(readInteraction(raw) ?? readEvent(raw)).toBeUndefined();
});

/** What the tests' own Slack sends has every member that Slack documents, and no other. */
it('is sent the same shapes by the Slack of the tests', async () => {
  const { card } = await rig.ask();
  const socket = new WebSocket(await rig.api.socketUrl());
  const frames: Record<string, unknown>[] = [];
  socket.on('message', (data) => frames.push(JSON.parse(String(data))));
  await rig.slack.sockets.connected(2);
  const send = async (work: () => Promise<unknown>) => {
    // Each goes to one of the two connections, by turns: twice, so that this one gets it too.
    void work().catch(() => undefined);
    void work().catch(() => undefined);
    await expect.poll(() => frames.length).toBeGreaterThan(0);
    return frames.pop() ?? {};
  };
  const hello = await send(async () => undefined);
  const click = await send(() => rig.slack.click(slackUsers.cy, card, 'diff'));
  const reply = await send(() => rig.slack.reply(slackUsers.cy, card.ts, 'hm').delivery);
  expect(keys(hello)).toEqual(keys(fixture('hello')));
  expect(keys(click.payload)).toEqual(keys(fixture('block_actions')));
  expect(keys(reply.payload)).toEqual(keys(fixture('message')));
  expect(keys((reply.payload as { event: object }).event)).toEqual(keys(fixture('message').event));
  socket.terminate();
});

const keys = (value: unknown): readonly string[] => Object.keys(value as object).sort();
