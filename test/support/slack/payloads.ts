import { createHmac } from 'node:crypto';
import { visible } from './methods.ts';
import type { FakeMessage, World } from './world.ts';

/** What Slack sends to an app. Shapes of https://docs.slack.dev/reference/interaction-payloads and …/events/message. */

interface Who {
  readonly id: string;
  readonly name: string;
  readonly team: string;
}

export function blockActions(world: World, who: Who, message: FakeMessage, action: object): object {
  const now = world.nextTs();
  return {
    type: 'block_actions',
    user: { id: who.id, username: who.name, name: who.name, team_id: who.team },
    api_app_id: world.appId,
    token: 'deprecated-verification-token',
    container: { type: 'message', message_ts: message.ts, channel_id: message.channel, is_ephemeral: false },
    trigger_id: trigger(world, who.id),
    team: { id: world.team, domain: 'example' },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: message.channel, name: 'k8s-approvals' },
    message: visible(message, false),
    state: { values: {} },
    response_url: 'https://hooks.slack.com/actions/T0TEAM0001/1/abc',
    actions: [{ ...action, action_ts: now }],
  };
}

export function viewSubmission(world: World, who: Who, id: string, view: object, values: object): object {
  return {
    type: 'view_submission',
    team: { id: world.team, domain: 'example' },
    user: { id: who.id, username: who.name, name: who.name, team_id: who.team },
    api_app_id: world.appId,
    token: 'deprecated-verification-token',
    trigger_id: trigger(world, who.id),
    view: {
      id,
      team_id: world.team,
      ...view,
      state: { values },
      hash: '1763716440.abcdef',
      app_id: world.appId,
      bot_id: world.botId,
    },
    response_urls: [],
    is_enterprise_install: false,
    enterprise: null,
  };
}

export function eventCallback(world: World, event: object, team = world.team): object {
  return {
    token: 'deprecated-verification-token',
    team_id: world.team,
    context_team_id: team,
    context_enterprise_id: null,
    api_app_id: world.appId,
    event,
    type: 'event_callback',
    event_id: world.id('Ev'),
    event_time: Math.floor(world.clock.now() / 1_000),
    authorizations: [
      { enterprise_id: null, team_id: world.team, user_id: world.botUser, is_bot: true, is_enterprise_install: false },
    ],
    is_ext_shared_channel: false,
    event_context: world.id('4-'),
  };
}

export const messageEvent = (message: FakeMessage): object => ({
  ...message,
  event_ts: message.ts,
  channel_type: message.channel.startsWith('G') ? 'group' : 'channel',
});

export const changedEvent = (world: World, after: FakeMessage, before: FakeMessage): object => ({
  type: 'message',
  subtype: 'message_changed',
  message: visible(after, false),
  previous_message: visible(before, false),
  channel: after.channel,
  hidden: true,
  ts: world.nextTs(),
  event_ts: world.nextTs(),
  channel_type: 'channel',
});

export const deletedEvent = (world: World, before: FakeMessage): object => ({
  type: 'message',
  subtype: 'message_deleted',
  previous_message: visible(before, false),
  deleted_ts: before.ts,
  channel: before.channel,
  hidden: true,
  ts: world.nextTs(),
  event_ts: world.nextTs(),
  channel_type: 'channel',
});

function trigger(world: World, user: string): string {
  const id = `${world.id('')}.1763716440.${world.id('')}`;
  world.triggers.set(id, user);
  return id;
}

/** `v0=` and the HMAC of version, timestamp and body. https://docs.slack.dev/authentication/verifying-requests-from-slack */
export const signSlack = (secret: string, timestamp: number | string, body: string): string =>
  `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;

/** What Slack's editor makes of typed text: quotations, code, emoji and mentions become elements of their own. */
export function richText(typed: string, blockId: string): object {
  const elements: object[] = [];
  const fences = typed.split(/^```\n?|```\n?/m);
  fences.forEach((part, index) => {
    if (part === '') return;
    if (index % 2 === 1)
      elements.push({
        type: 'rich_text_preformatted',
        elements: [{ type: 'text', text: part.replace(/\n$/, '') }],
        border: 0,
      });
    else elements.push(...lines(part));
  });
  return { type: 'rich_text', block_id: blockId, elements };
}

function lines(part: string): readonly object[] {
  const made: { type: string; elements: object[] }[] = [];
  for (const line of part.split('\n')) {
    const quoted = line.startsWith('> ');
    const type = quoted ? 'rich_text_quote' : 'rich_text_section';
    const last = made.at(-1);
    const elements = inline(quoted ? line.slice(2) : line);
    if (last?.type === type) last.elements.push({ type: 'text', text: '\n' }, ...elements);
    else made.push({ type, elements: [...elements] });
  }
  return made;
}

const tokens = /`([^`]+)`|~([^~]+)~|:([a-z0-9_+-]+):|<@([UW][A-Z0-9]+)>|(https?:\/\/\S+)/g;

function inline(text: string): readonly object[] {
  const elements: object[] = [];
  let at = 0;
  for (const found of text.matchAll(tokens)) {
    if (found.index > at) elements.push({ type: 'text', text: text.slice(at, found.index) });
    const [whole, code, struck, emoji, user, url] = found;
    if (code !== undefined) elements.push({ type: 'text', text: code, style: { code: true } });
    else if (struck !== undefined) elements.push({ type: 'text', text: struck, style: { strike: true } });
    else if (emoji !== undefined) elements.push({ type: 'emoji', name: emoji });
    else if (user !== undefined) elements.push({ type: 'user', user_id: user });
    else elements.push({ type: 'link', url });
    at = found.index + whole.length;
  }
  if (at < text.length) elements.push({ type: 'text', text: text.slice(at) });
  return elements;
}

/** The `text` of a message: three characters are escaped. https://docs.slack.dev/messaging/formatting-message-text */
export const escapeText = (typed: string): string =>
  typed
    .replace(/&/g, '&amp;')
    .replace(/<(?![@#!])/g, '&lt;')
    .replace(/(?<!<[@#!][A-Z0-9]+)>/g, '&gt;');
