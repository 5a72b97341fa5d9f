import { type ConversationsRepliesResponse, type Logger, LogLevel, WebClient } from '@slack/web-api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { allScopes, type FakeSlack, startFakeSlack } from '../../../support/slack/server.ts';

/** The server that the other tests trust is held to Slack's own client here. */
let slack: FakeSlack;
let client: WebClient;
const ana = 'U0ANA00001';

const clientOf = (to: FakeSlack, token = to.botToken): WebClient =>
  new WebClient(token, {
    slackApiUrl: to.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: quiet,
  });
const quiet: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  getLevel: () => LogLevel.ERROR,
  setName: () => {},
};

beforeEach(async () => {
  slack = await startFakeSlack();
  client = clientOf(slack);
});
afterEach(() => slack.close());

const buttons = [
  { type: 'section', text: { type: 'mrkdwn', text: 'hello' } },
  {
    type: 'actions',
    elements: [{ type: 'button', action_id: 'approve', value: 'v', text: { type: 'plain_text', text: 'Approve' } }],
  },
];
const post = (more: object = {}) => client.chat.postMessage({ channel: slack.channel, text: 'hello', ...more });

async function connect(): Promise<{ socket: WebSocket; next(): Promise<Record<string, unknown>> }> {
  const { url } = await clientOf(slack, slack.appToken).apps.connections.open({});
  const socket = new WebSocket(url ?? '');
  const got: string[] = [];
  let wake = (): void => undefined;
  socket.on('message', (data) => {
    got.push(String(data));
    wake();
  });
  const next = async (): Promise<Record<string, unknown>> => {
    while (got.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    return JSON.parse(got.shift() ?? '');
  };
  return { socket, next };
}

it('says who the app is, with its scopes', async () => {
  expect(await client.auth.test()).toMatchObject({
    team_id: slack.team,
    response_metadata: { scopes: [...allScopes] },
  });
});

it('gives blocks back with ids and defaults, and finds a message by its metadata', async () => {
  const metadata = { event_type: 'countersign_approval', event_payload: { id: 'cs-7f3k2m' } };
  const { message, ts } = await post({ blocks: buttons, metadata });
  expect(message?.blocks).toEqual([
    { block_id: expect.any(String), type: 'section', text: { type: 'mrkdwn', text: 'hello', verbatim: false } },
    expect.objectContaining({ block_id: expect.any(String), type: 'actions' }),
  ]);
  const found = await client.conversations.history({ channel: slack.channel, include_all_metadata: true });
  expect(found.messages).toMatchObject([{ ts, metadata, bot_id: 'B0BOT00001' }]);
});

it.each([
  ['51 blocks', Array.from({ length: 51 }, () => ({ type: 'divider' })), 'invalid_blocks'],
  ['a long section', [{ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3_001) } }], 'invalid_blocks'],
  ['a long header', [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }], 'invalid_blocks'],
  [
    'a long message',
    Array.from({ length: 5 }, () => ({ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(2_900) } })),
    'msg_blocks_too_long',
  ],
  ['an unknown block', [{ type: 'sectoin' }], 'invalid_blocks'],
  ['two of one id', [1, 2].map(() => ({ type: 'divider', block_id: 'a' })), 'invalid_blocks'],
])('refuses %s', async (_, blocks, error) => {
  await expect(post({ blocks })).rejects.toMatchObject({ data: { error } });
});

it('refuses unknown methods, channels, tokens and missing scopes', async () => {
  await expect(client.apiCall('chat.delete')).rejects.toMatchObject({ data: { error: 'unknown_method' } });
  await expect(post({ channel: 'C0NOWHERE' })).rejects.toMatchObject({ data: { error: 'channel_not_found' } });
  await expect(clientOf(slack, 'xoxb-other').auth.test()).rejects.toMatchObject({ data: { error: 'invalid_auth' } });
  await expect(client.apps.connections.open({})).rejects.toMatchObject({ data: { error: 'not_allowed_token_type' } });
  const poor = await startFakeSlack({ scopes: ['chat:write'] });
  const asked = clientOf(poor).users.info({ user: ana });
  await expect(asked).rejects.toMatchObject({ data: { error: 'missing_scope', needed: 'users:read' } });
  await poor.close();
});

it('takes a file in three steps and shows it in the thread', async () => {
  const { ts } = await post();
  await client.files.uploadV2({
    channel_id: slack.channel,
    thread_ts: ts ?? '',
    filename: 'a.diff',
    content: 'ü'.repeat(2_000),
    initial_comment: 'whole diff',
  });
  expect(slack.files()).toMatchObject([
    { name: 'a.diff', content: 'ü'.repeat(2_000), thread: ts, comment: 'whole diff' },
  ]);
  expect(slack.replies(ts ?? '')).toMatchObject([{ subtype: 'file_share', text: 'whole diff' }]);
});

it('gives the replies of a thread in pages, the parent first', async () => {
  const { ts = '' } = await post();
  for (const text of ['one', 'two', 'three']) slack.reply(ana, ts, text);
  const pages: (string | undefined)[][] = [];
  for await (const page of client.paginate('conversations.replies', { channel: slack.channel, ts, limit: 2 }))
    pages.push((page as ConversationsRepliesResponse).messages?.map(({ text }) => text) ?? []);
  expect(pages).toEqual([
    ['hello', 'one', 'two'],
    ['hello', 'three'],
  ]);
  const later = slack.replies(ts)[1]?.ts ?? '';
  const rest = await client.conversations.replies({ channel: slack.channel, ts, oldest: later });
  expect(rest.messages?.map(({ text }) => text)).toEqual(['hello', 'three']);
});

it('opens conversations and groups, and whispers to members only', async () => {
  const { channel } = await client.conversations.open({ users: ana });
  await client.chat.postMessage({ channel: channel?.id ?? '', text: 'psst' });
  expect(slack.directMessages(ana)).toMatchObject([{ text: 'psst' }]);
  expect(await client.usergroups.users.list({ usergroup: 'S0SRE00001' })).toMatchObject({ users: [ana, 'U0BO000001'] });
  await client.chat.postEphemeral({ channel: slack.channel, user: ana, text: 'only you' });
  expect(slack.whispers(ana)).toMatchObject([{ text: 'only you' }]);
  const nobody = client.chat.postEphemeral({ channel: slack.channel, user: 'U0NOBODY', text: 'x' });
  await expect(nobody).rejects.toMatchObject({ data: { error: 'user_not_in_channel' } });
});

it('has the troubles that a test asks for, one after the other', async () => {
  slack.rateLimit(1, 7);
  await expect(post()).rejects.toMatchObject({ retryAfter: 7 });
  slack.dropAnswers(1, 'chat.postMessage');
  await expect(post()).rejects.toThrow();
  expect(slack.cards()).toHaveLength(1);
  slack.refuse(1, 'internal_error');
  await expect(post()).rejects.toMatchObject({ data: { error: 'internal_error' } });
  slack.down();
  await expect(post()).rejects.toThrow();
  slack.up();
  await post();
  expect(slack.cards()).toHaveLength(2);
});

it('greets a connection, delivers clicks and words to it, and sees its acknowledgement', async () => {
  const { ts = '' } = await post({ blocks: buttons });
  const { socket, next } = await connect();
  expect(await next()).toMatchObject({ type: 'hello', num_connections: 1 });
  const click = slack.click(ana, ts, 'approve');
  const envelope = await next();
  expect(envelope).toMatchObject({
    type: 'interactive',
    accepts_response_payload: true,
    payload: {
      type: 'block_actions',
      user: { id: ana, team_id: slack.team },
      container: { message_ts: ts, channel_id: slack.channel },
      message: { blocks: slack.cards()[0]?.blocks },
      actions: [{ action_id: 'approve', value: 'v' }],
    },
  });
  socket.send(JSON.stringify({ envelope_id: envelope.envelope_id, payload: { seen: true } }));
  expect(await click).toEqual({ acked: true, answer: { seen: true } });
  slack.reply(ana, ts, '> approve\nno & never');
  expect(await next()).toMatchObject({
    type: 'events_api',
    payload: {
      event: {
        text: '&gt; approve\nno &amp; never',
        thread_ts: ts,
        blocks: [{ elements: [{ type: 'rich_text_quote' }, { type: 'rich_text_section' }] }],
      },
    },
  });
  slack.sockets.disconnect('refresh_requested');
  expect(await next()).toMatchObject({ type: 'disconnect', reason: 'refresh_requested' });
  await new Promise((resolve) => socket.once('close', resolve));
  expect(await slack.click(ana, ts, 'approve')).toMatchObject({ acked: false });
});

it('opens a modal once for a click, and hands in what was typed', async () => {
  const { ts = '' } = await post({ blocks: buttons });
  const { socket, next } = await connect();
  await next();
  void slack.click(ana, ts, 'approve');
  const { payload } = (await next()) as { payload: { trigger_id: string } };
  const view = {
    type: 'modal' as const,
    callback_id: 'deny',
    title: { type: 'plain_text' as const, text: 'Deny' },
    submit: { type: 'plain_text' as const, text: 'Deny' },
    blocks: [
      {
        type: 'input' as const,
        block_id: 'instead',
        label: { type: 'plain_text' as const, text: 'What should the agent do instead?' },
        element: { type: 'plain_text_input' as const, action_id: 'text' },
      },
    ],
  };
  await client.views.open({ trigger_id: payload.trigger_id, view });
  const again = client.views.open({ trigger_id: payload.trigger_id, view });
  await expect(again).rejects.toMatchObject({ data: { error: 'expired_trigger_id' } });
  void slack.submitView(ana, 'scale to 6 first');
  expect(await next()).toMatchObject({
    payload: {
      type: 'view_submission',
      view: { callback_id: 'deny', state: { values: { instead: { text: { value: 'scale to 6 first' } } } } },
    },
  });
  socket.terminate();
});
