import {
  blockActions,
  changedEvent,
  deletedEvent,
  escapeText,
  eventCallback,
  messageEvent,
  richText,
  viewSubmission,
} from './payloads.ts';
import type { Delivery } from './sockets.ts';
import type { FakeMessage, World } from './world.ts';

type Send = (type: 'interactive' | 'events_api', payload: object) => Promise<Delivery>;

interface Written {
  readonly ts: string;
  /** Resolves with what became of the event; the message stands in the thread either way. */
  readonly delivery: Promise<Delivery>;
}

interface ReplyOptions {
  /** Instead of what Slack's editor would make of the text. */
  readonly blocks?: readonly object[];
  readonly channel?: string;
  readonly subtype?: string;
  /** Somebody else's message, shared with these words. */
  readonly attachments?: readonly object[];
  readonly files?: readonly object[];
  /** Sent by an app or a workflow on behalf of this user. */
  readonly botId?: string;
}

/** People at work in the workspace: what they do changes it, and the app is told. */
export interface ActingPeople {
  /** Clicks a button of a message as it stands now. `changes` are merged into the payload, for attacks. */
  click(user: string, message: FakeMessage | string, actionId: string, changes?: object): Promise<Delivery>;
  reply(user: string, thread: string, text: string, options?: ReplyOptions): Written;
  /** Changes the words of an own message. */
  edit(ts: string, text: string): Promise<Delivery>;
  remove(ts: string): Promise<Delivery>;
  /** Submits the last modal that was opened for this user; `words` go into its first input. */
  submitView(user: string, words: string, viewId?: string): Promise<Delivery>;
}

export function actingPeople(world: World, send: Send): ActingPeople {
  const who = (id: string) => {
    const user = world.users.get(id);
    if (user === undefined) throw new Error(`no such user: ${id}`);
    return { id, name: user.name, team: user.team ?? world.team };
  };
  const find = (ts: string): FakeMessage => {
    const message = world.messages.find((each) => each.ts === ts);
    if (message === undefined) throw new Error(`no such message: ${ts}`);
    return message;
  };
  return {
    click: async (user, target, actionId, changes = {}) => {
      const message = typeof target === 'string' ? find(target) : target;
      const action = buttonOf(message, actionId);
      return send('interactive', { ...blockActions(world, who(user), message, action), ...changes });
    },
    reply: (user, thread, text, options = {}) => {
      const message = written(world, who(user), thread, text, options);
      world.messages.push(message);
      return {
        ts: message.ts,
        delivery: send('events_api', eventCallback(world, messageEvent(message), who(user).team)),
      };
    },
    edit: (ts, text) => {
      const message = find(ts);
      const before = { ...message };
      message.text = escapeText(text);
      message.blocks = [richText(text, world.id('b'))];
      message.edited = { user: message.user ?? '', ts: world.nextTs() };
      return send('events_api', eventCallback(world, changedEvent(world, message, before)));
    },
    remove: (ts) => {
      const message = find(ts);
      world.messages.splice(world.messages.indexOf(message), 1);
      return send('events_api', eventCallback(world, deletedEvent(world, message)));
    },
    submitView: async (user, words, viewId) => {
      const opened = world.views.findLast((each) => each.user === user && (viewId === undefined || each.id === viewId));
      if (opened === undefined) throw new Error(`no modal is open for ${user}`);
      const { blocks } = opened.view as {
        blocks: { type: string; block_id: string; element: { type: string; action_id: string } }[];
      };
      const input = blocks.find((block) => block.type === 'input');
      if (input === undefined) throw new Error('the modal has no input');
      const { type, action_id } = input.element;
      const values = { [input.block_id]: { [action_id]: { type, value: words === '' ? null : words } } };
      return send('interactive', viewSubmission(world, who(user), opened.id, opened.view, values));
    },
  };
}

function written(
  world: World,
  who: { id: string; team: string },
  thread: string,
  text: string,
  options: ReplyOptions,
): FakeMessage {
  const channel = options.channel ?? world.channel;
  const parent = world.find(channel, thread);
  return {
    type: 'message',
    channel,
    ts: world.nextTs(),
    user: who.id,
    team: who.team,
    client_msg_id: world.id('client-'),
    text: escapeText(text),
    blocks: [...(options.blocks ?? (text === '' ? [] : [richText(text, world.id('b'))]))],
    thread_ts: thread,
    parent_user_id: parent?.user ?? '',
    ...(options.subtype === undefined ? {} : { subtype: options.subtype }),
    ...(options.attachments === undefined ? {} : { attachments: options.attachments }),
    ...(options.files === undefined ? {} : { files: options.files }),
    ...(options.botId === undefined ? {} : { bot_id: options.botId, app_id: 'A0OTHERAPP' }),
  };
}

function buttonOf(message: FakeMessage, actionId: string): object {
  for (const block of (message.blocks ?? []) as {
    type: string;
    block_id: string;
    elements?: { action_id?: string; text: object; value?: string; style?: string }[];
  }[]) {
    if (block.type !== 'actions') continue;
    const button = block.elements?.find((each) => each.action_id === actionId);
    if (button === undefined) continue;
    const { text, value, style } = button;
    return {
      action_id: actionId,
      block_id: block.block_id,
      text,
      value,
      ...(style === undefined ? {} : { style }),
      type: 'button',
    };
  }
  throw new Error(`the message has no button ${actionId}`);
}
