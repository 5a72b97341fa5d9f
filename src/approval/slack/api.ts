import { CountersignError } from '../../domain/errors.ts';
import type { JsonObject } from '../../domain/json.ts';
import { lazy } from '../../domain/lazy.ts';
import { readChannelId, readIdentity, readMembers, readPage, readPosted, readUrl, readUser } from './answers.ts';
import type { SlackApi, SlackMessage, SlackPost } from './ports.ts';
import { createTransport, type Transport } from './transport.ts';
import { metadataType } from './wire.ts';

export interface SlackApiOptions {
  readonly botToken: string;
  /** App-level, for Socket Mode. */
  readonly appToken: string | undefined;
  readonly apiUrl: string;
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** Pages of a thread or a channel that are read at most: 200 messages each. */
const mostPages = 50;

/** The Web API of one app in one workspace. https://docs.slack.dev/reference/methods @throws Invalid: a token is none */
export function createSlackApi({ botToken, appToken, apiUrl, pause = sleep }: SlackApiOptions): SlackApi {
  checkToken('botToken', botToken);
  if (appToken !== undefined) checkToken('appToken', appToken);
  const base = apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`;
  const bot = createTransport({ token: botToken, apiUrl: base, pause });
  const app = lazy(() => createTransport({ token: appToken ?? '', apiUrl: base, pause }));
  const identity = kept(async () => {
    const { team_id: team, user_id: user, response_metadata } = readIdentity(await bot.read('auth.test', {}));
    return { team, user, scopes: response_metadata.scopes };
  });
  return {
    identity,
    post: async (message) => {
      const { ts, message: echoed } = readPosted(await bot.write('chat.postMessage', postOf(message)));
      return { ts, blocks: echoed.blocks ?? [] };
    },
    update: async (message) => {
      const answer = readPosted(await bot.write('chat.update', { ...postOf(message), ts: message.ts }));
      return { blocks: answer.message.blocks ?? (await parentOf(bot, message.channel, message.ts))?.blocks ?? [] };
    },
    whisper: async ({ channel, user, thread, text }) => {
      await bot.write('chat.postEphemeral', { channel, user, text, ...threaded(thread) });
    },
    upload: (file) => bot.upload(file),
    replies: async (channel, thread, oldest) => {
      const since = oldest === undefined ? {} : { oldest, inclusive: false };
      const all = await pages(bot, 'conversations.replies', { channel, ts: thread, ...since });
      // Slack gives the parent too, whatever `oldest` says.
      return inOrder(all.filter(({ ts }) => ts !== thread));
    },
    own: async (channel, oldest) => {
      const { user } = await identity();
      const all = await pages(bot, 'conversations.history', { channel, oldest, inclusive: true });
      return inOrder(all.filter((message) => message.user === user)).map((message) => ({
        ...message,
        approval: message.mark?.approval,
      }));
    },
    user: async (id) => readUser(await bot.read('users.info', { user: id })).user,
    members: async (userGroup) => readMembers(await bot.read('usergroups.users.list', { usergroup: userGroup })).users,
    tell: async (user, text) => {
      const { channel } = readChannelId(await bot.read('conversations.open', { users: user }));
      await bot.write('chat.postMessage', { ...plain, channel: channel.id, text });
    },
    openView: async (trigger, view) => {
      await bot.write('views.open', { trigger_id: trigger, view: asJson(view) });
    },
    socketUrl: async () => readUrl(await app().read('apps.connections.open', {})).url,
  };
}

/** A stray line end or dash makes a header that is refused with its value in the error's words; here it is not quoted. */
function checkToken(name: 'botToken' | 'appToken', token: string): void {
  if (/^x[a-z.]+-[\w-]+$/.test(token)) return;
  throw new CountersignError('Invalid', `approvals.slack.${name} is no token of Slack`, {
    hint: 'it begins with xoxb- or xapp- and has letters, digits and - only: copy it again, alone on one line',
  });
}

/** Nothing in a text of ours becomes a link, a preview or a mention by itself. */
const plain = { unfurl_links: false, unfurl_media: false, link_names: false, parse: 'none' } as const;

function postOf({ channel, thread, text, blocks, approval, step }: SlackPost): JsonObject {
  const event_payload = { approval: approval ?? '', step: step ?? 'post' };
  return {
    ...plain,
    channel,
    text,
    ...threaded(thread),
    ...(blocks === undefined ? {} : { blocks: blocks.map(asJson) }),
    ...(approval === undefined ? {} : { metadata: { event_type: metadataType, event_payload } }),
  };
}

const threaded = (thread: string | undefined): JsonObject => (thread === undefined ? {} : { thread_ts: thread });

const asJson = (value: object): JsonObject => JSON.parse(JSON.stringify(value));

async function pages(transport: Transport, method: string, args: JsonObject): Promise<readonly SlackMessage[]> {
  const found: SlackMessage[] = [];
  let cursor = '';
  for (let page = 0; page < mostPages; page++) {
    const more = cursor === '' ? {} : { cursor };
    const answer = readPage(await transport.read(method, { ...args, ...more, limit: 200, include_all_metadata: true }));
    found.push(...answer.messages);
    cursor = answer.response_metadata.next_cursor;
    if (cursor === '') return found;
  }
  // What is beyond may be a deny: half a thread is none.
  throw new CountersignError('Unavailable', `there are more messages in Slack than are read at once (${method})`, {
    data: { slackError: 'too_many_messages' },
    hint: 'tell the operator; the approval can be withdrawn and asked again',
  });
}

async function parentOf(transport: Transport, channel: string, ts: string): Promise<SlackMessage | undefined> {
  const answer = await transport.read('conversations.replies', { channel, ts, limit: 1, inclusive: true });
  return readPage(answer).messages.find((message) => message.ts === ts);
}

/** Time stamps are seconds with six digits, which compare as text as long as the seconds have ten digits: until 2286. */
const inOrder = (messages: readonly SlackMessage[]): readonly SlackMessage[] =>
  messages.toSorted((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));

/** Kept once it is there; a failure is tried again by the next who asks. */
function kept<T>(read: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= read().catch((thrown: unknown) => {
      made = undefined;
      throw thrown;
    });
    return made;
  };
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
