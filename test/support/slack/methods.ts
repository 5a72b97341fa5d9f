import { echoBlocks, faultOfBlocks } from './limits.ts';
import { type FakeMessage, userObject, type World } from './world.ts';

/** Arguments as they arrive: form fields, those of objects still JSON text. */
export type Arguments = Readonly<Record<string, string>>;

export class SlackRefusal extends Error {
  readonly more: object;
  constructor(error: string, more: object = {}) {
    super(error);
    this.more = more;
  }
}

interface Place {
  /** `http://127.0.0.1:<port>` */
  readonly base: string;
  readonly scopes: ReadonlySet<string>;
}

interface Method {
  /** One of these is enough. */
  readonly scopes: readonly string[];
  readonly token: 'bot' | 'app';
  readonly run: (world: World, args: Arguments, at: Place) => object;
}

const bot = (scopes: readonly string[], run: Method['run']): Method => ({ scopes, token: 'bot', run });

export const methods: Readonly<Record<string, Method>> = {
  'auth.test': bot([], (world) => ({
    url: 'https://example.slack.com/',
    team: 'Example',
    user: 'countersign',
    team_id: world.team,
    user_id: world.botUser,
    bot_id: world.botId,
    is_enterprise_install: false,
  })),
  'chat.postMessage': bot(['chat:write'], (world, args) => {
    const message = post(world, args);
    return { channel: message.channel, ts: message.ts, message: visible(message, false) };
  }),
  'chat.update': bot(['chat:write'], (world, args) => {
    const message = world.find(channelOf(world, args), needed(args, 'ts'));
    if (message === undefined) throw new SlackRefusal('message_not_found');
    if (message.bot_id !== world.botId) throw new SlackRefusal('cant_update_message');
    const blocks = blocksOf(world, args);
    message.text = args.text ?? message.text;
    if (blocks !== undefined) message.blocks = blocks;
    if (args.metadata !== undefined) message.metadata = JSON.parse(args.metadata);
    return { channel: message.channel, ts: message.ts, text: message.text, message: visible(message, false) };
  }),
  'chat.postEphemeral': bot(['chat:write'], (world, args) => {
    const channel = channelOf(world, args);
    const user = world.users.get(needed(args, 'user'));
    if (user === undefined || user.inChannel === false) throw new SlackRefusal('user_not_in_channel');
    blocksOf(world, args);
    world.whispers.push({ channel, user: user.id, text: needed(args, 'text'), thread: args.thread_ts });
    return { message_ts: world.nextTs() };
  }),
  'conversations.replies': bot(['channels:history', 'groups:history'], (world, args) => {
    const channel = channelOf(world, args);
    const ts = needed(args, 'ts');
    const isReply = (each: FakeMessage): boolean => each.channel === channel && each.thread_ts === ts && each.ts !== ts;
    const parent = world.find(channel, ts) ?? (world.messages.some(isReply) ? tombstone(channel, ts) : undefined);
    if (parent === undefined) throw new SlackRefusal('thread_not_found');
    const replies = since(world.messages, args).filter(isReply);
    const page = paged(replies, args);
    const withMetadata = args.include_all_metadata === 'true';
    // Slack gives the parent first, whatever `oldest` says.
    return { ...page.rest, messages: [parent, ...page.items].map((each) => visible(each, withMetadata)) };
  }),
  'conversations.history': bot(['channels:history', 'groups:history'], (world, args) => {
    const channel = channelOf(world, args);
    const all = since(world.messages, args).filter(
      (each) =>
        each.channel === channel &&
        (each.thread_ts === undefined || each.thread_ts === each.ts || each.subtype === 'thread_broadcast'),
    );
    const page = paged([...all].reverse(), args);
    return { ...page.rest, messages: page.items.map((each) => visible(each, args.include_all_metadata === 'true')) };
  }),
  'conversations.info': bot(['channels:read', 'groups:read'], (world, args) => {
    const id = needed(args, 'channel');
    if (id !== world.channel) throw new SlackRefusal('channel_not_found');
    const { channel, botInChannel } = world;
    return {
      channel: {
        id: channel,
        name: 'k8s-approvals',
        is_channel: !world.private,
        is_private: world.private,
        is_archived: false,
        is_member: botInChannel,
        is_ext_shared: false,
      },
    };
  }),
  'conversations.members': bot(['channels:read', 'groups:read'], (world, args) => {
    channelOf(world, args);
    const members = [...world.users.values()].filter((user) => user.inChannel !== false && user.deactivated !== true);
    const page = paged(members, args);
    return { ...page.rest, members: page.items.map((user) => user.id) };
  }),
  'conversations.open': bot(['im:write'], (world, args) => {
    const user = world.users.get(needed(args, 'users'));
    if (user === undefined) throw new SlackRefusal('user_not_found');
    if (user.bot === true) throw new SlackRefusal('cannot_dm_bot');
    if (user.deactivated === true) throw new SlackRefusal('user_disabled');
    return { no_op: false, already_open: false, channel: { id: directChannel(user.id) } };
  }),
  'files.getUploadURLExternal': bot(['files:write'], (world, args, { base }) => {
    const length = Number(needed(args, 'length'));
    if (!(length > 0)) throw new SlackRefusal('invalid_arguments');
    const id = world.id('F0');
    world.files.set(id, { id, name: needed(args, 'filename'), length });
    return { upload_url: `${base}/upload/v1/${id}`, file_id: id };
  }),
  'files.completeUploadExternal': bot(['files:write'], (world, args) => {
    const listed: readonly { readonly id: string; readonly title?: string }[] = JSON.parse(needed(args, 'files'));
    const channel = channelOf(world, { channel: args.channel_id ?? '' });
    const files = listed.map(({ id }) => {
      const file = world.files.get(id);
      if (file?.content === undefined) throw new SlackRefusal('file_not_found');
      file.channel = channel;
      if (args.thread_ts !== undefined) file.thread = args.thread_ts;
      if (args.initial_comment !== undefined) file.comment = args.initial_comment;
      return { id, name: file.name, title: file.name, mimetype: 'text/plain', size: file.length };
    });
    world.messages.push({
      ...ofBot(world, channel),
      text: args.initial_comment ?? '',
      subtype: 'file_share',
      files,
      ...inThread(world, channel, args),
    });
    return { files: listed };
  }),
  'users.info': bot(['users:read'], (world, args, { scopes }) => {
    const user = world.users.get(needed(args, 'user'));
    if (user === undefined) throw new SlackRefusal('user_not_found');
    return { user: userObject(user, world.team, scopes.has('users:read.email')) };
  }),
  'usergroups.users.list': bot(['usergroups:read'], (world, args) => {
    const users = world.userGroups.get(needed(args, 'usergroup'));
    if (users === undefined) throw new SlackRefusal('no_such_subteam');
    return { users };
  }),
  'usergroups.list': bot(['usergroups:read'], (world) => ({
    usergroups: [...world.userGroups].map(([id, users]) => ({
      id,
      team_id: world.team,
      handle: id.toLowerCase(),
      name: id,
      user_count: users.length,
    })),
  })),
  'views.open': bot([], (world, args) => {
    const trigger = needed(args, 'trigger_id');
    const user = world.triggers.get(trigger);
    if (user === undefined) throw new SlackRefusal('expired_trigger_id');
    world.triggers.delete(trigger);
    const view = JSON.parse(needed(args, 'view'));
    const fault = faultOfBlocks(view.blocks);
    if (fault !== undefined || view.type !== 'modal' || !(view.title?.text?.length <= 24))
      throw new SlackRefusal('invalid_arguments', { response_metadata: { messages: fault?.messages ?? [] } });
    const id = world.id('V0');
    world.views.push({ id, user, view });
    return { view: { id, team_id: world.team, hash: '1763716440.abcdef', ...view } };
  }),
  'apps.connections.open': {
    scopes: ['connections:write'],
    token: 'app',
    run: (world, _, { base }) => ({
      url: `${base.replace('http', 'ws')}/link/?ticket=${world.id('ticket-')}&app_id=${world.appId}`,
    }),
  },
};

export const directChannel = (user: string): string => `D${user.slice(1)}`;

function needed(args: Arguments, name: string): string {
  const value = args[name];
  if (value === undefined || value === '')
    throw new SlackRefusal('invalid_arguments', {
      response_metadata: { messages: [`[ERROR] missing required field: ${name}`] },
    });
  return value;
}

function channelOf(world: World, args: Arguments): string {
  const channel = needed(args, 'channel');
  if (/^D/.test(channel)) return channel;
  if (channel !== world.channel) throw new SlackRefusal('channel_not_found');
  if (!world.botInChannel) throw new SlackRefusal('not_in_channel');
  return channel;
}

function blocksOf(world: World, args: Arguments): object[] | undefined {
  if (args.blocks === undefined) return undefined;
  const blocks: unknown = JSON.parse(args.blocks);
  const fault = faultOfBlocks(blocks);
  if (fault !== undefined)
    throw new SlackRefusal(fault.error, { errors: fault.messages, response_metadata: { messages: fault.messages } });
  return echoBlocks(blocks as object[], () => world.id('b').slice(0, 9));
}

const ofBot = (world: World, channel: string) =>
  ({
    type: 'message',
    channel,
    ts: world.nextTs(),
    user: world.botUser,
    team: world.team,
    bot_id: world.botId,
    app_id: world.appId,
  }) as const;

/** A deleted message to which somebody replied leaves its thread. */
const tombstone = (channel: string, ts: string): FakeMessage => ({
  ...{ type: 'message', subtype: 'tombstone', channel, ts, thread_ts: ts },
  ...{ user: 'USLACKBOT', text: 'This message was deleted.' },
});

function inThread(world: World, channel: string, args: Arguments): Pick<FakeMessage, 'thread_ts' | 'parent_user_id'> {
  if (args.thread_ts === undefined) return {};
  const parent = world.find(channel, args.thread_ts);
  if (parent === undefined) throw new SlackRefusal('thread_not_found');
  return { thread_ts: args.thread_ts, parent_user_id: parent.user ?? '' };
}

function post(world: World, args: Arguments): FakeMessage {
  const channel = channelOf(world, args);
  const blocks = blocksOf(world, args);
  if (blocks === undefined && (args.text ?? '') === '') throw new SlackRefusal('no_text');
  if ((args.text ?? '').length > 40_000) throw new SlackRefusal('msg_too_long');
  const message: FakeMessage = {
    ...ofBot(world, channel),
    text: args.text ?? '',
    ...(blocks === undefined ? {} : { blocks }),
    ...(args.metadata === undefined ? {} : { metadata: JSON.parse(args.metadata) }),
    ...inThread(world, channel, args),
  };
  world.messages.push(message);
  return message;
}

/** As it is shown: the channel is not in it, metadata only where it was asked for. */
export function visible({ channel: _, metadata, ...message }: FakeMessage, withMetadata: boolean): object {
  return withMetadata && metadata !== undefined ? { ...message, metadata } : message;
}

function since(messages: readonly FakeMessage[], args: Arguments): readonly FakeMessage[] {
  const oldest = micros(args.oldest ?? '0');
  const inclusive = args.inclusive === 'true';
  return messages.filter(({ ts }) => micros(ts) > oldest || (inclusive && micros(ts) === oldest));
}

/** Sixteen digits do not fit into a double. */
function micros(ts: string): bigint {
  const [seconds = '0', fraction = ''] = ts.split('.');
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}

/** Cursors are positions; a page has 100 unless `limit` says fewer. */
function paged<T>(items: readonly T[], args: Arguments): { readonly items: readonly T[]; readonly rest: object } {
  const from = args.cursor ? Number(Buffer.from(args.cursor, 'base64').toString().slice(5)) : 0;
  if (!Number.isInteger(from)) throw new SlackRefusal('invalid_cursor');
  const to = from + Math.min(Number(args.limit ?? 100), 999);
  const more = to < items.length;
  const next_cursor = more ? Buffer.from(`next:${to}`).toString('base64') : '';
  return { items: items.slice(from, to), rest: { has_more: more, response_metadata: { next_cursor } } };
}
