import { z } from 'zod';
import { CountersignError } from '../../domain/errors.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { SlackMessage, SlackUser } from './ports.ts';
import { metadataType } from './wire.ts';

/** Answers of the Web API, as much of them as is used; what does not parse is told like an outage. */

const text = z.string();

const markSchema = z.object({ approval: text, step: text });

const flag = z.boolean().default(false);

/** https://docs.slack.dev/reference/events/message */
const messageSchema = z
  .object({
    ts: text,
    user: text.optional(),
    team: text.optional(),
    bot_id: text.nullish(),
    subtype: text.optional(),
    text: text.default(''),
    edited: z.object({}).optional(),
    blocks: z.array(z.unknown()).default([]),
    files: z.array(z.object({ name: text.optional() })).default([]),
    attachments: z.array(z.object({ is_share: flag, is_msg_unfurl: flag, is_reply_unfurl: flag })).default([]),
    metadata: z.object({ event_type: text, event_payload: z.unknown() }).optional(),
  })
  .transform(({ bot_id, edited, files, attachments, metadata, user, team, subtype, ...rest }): SlackMessage => {
    const mark = metadata?.event_type === metadataType ? markSchema.safeParse(metadata.event_payload).data : undefined;
    return {
      ...rest,
      user,
      team,
      subtype,
      bot: (bot_id ?? undefined) !== undefined || subtype === 'bot_message',
      edited: edited !== undefined,
      files: files.flatMap(({ name }) => name ?? []),
      // A thread that is read gives a shared message without `is_share`, like the preview of a link to one.
      forwarded: attachments.some((each) => each.is_share || each.is_msg_unfurl || each.is_reply_unfurl),
      ...(mark === undefined ? {} : { mark }),
    };
  });

/** https://docs.slack.dev/reference/objects/user-object */
const userSchema = z
  .object({
    id: text,
    team_id: text.default(''),
    name: text.default(''),
    deleted: z.boolean().default(false),
    is_bot: z.boolean().default(false),
    is_workflow_bot: z.boolean().default(false),
    is_restricted: z.boolean().default(false),
    is_ultra_restricted: z.boolean().default(false),
    is_stranger: z.boolean().default(false),
    profile: z
      .object({ real_name: text.default(''), display_name: text.default(''), email: text.optional() })
      .prefault({}),
  })
  .transform((user): SlackUser => {
    const { id, team_id: team, profile } = user;
    return {
      id,
      team,
      name: profile.display_name || profile.real_name || user.name || id,
      email: profile.email,
      // Slack's own bot says of itself that it is none.
      bot: user.is_bot || user.is_workflow_bot || id === 'USLACKBOT',
      guest: user.is_restricted || user.is_ultra_restricted || user.is_stranger,
      deactivated: user.deleted,
    };
  });

const postedSchema = z.object({
  ts: text,
  message: z.object({ blocks: z.array(z.unknown()).exactOptional() }).prefault({}),
});
const pageSchema = z.object({
  messages: z.array(messageSchema),
  has_more: z.boolean().default(false),
  response_metadata: z.object({ next_cursor: text.default('') }).prefault({}),
});
const identitySchema = z.object({
  team_id: text,
  user_id: text,
  response_metadata: z.object({ scopes: z.array(text).default([]) }).prefault({}),
});

export const readPosted = reader('chat.postMessage', postedSchema);
export const readPage = reader('conversations.history', pageSchema);
export const readIdentity = reader('auth.test', identitySchema);
export const readUser = reader('users.info', z.object({ user: userSchema }));
export const readMembers = reader('usergroups.users.list', z.object({ users: z.array(text) }));
export const readChannelId = reader('conversations.open', z.object({ channel: z.object({ id: text }) }));
export const readUrl = reader('apps.connections.open', z.object({ url: text }));

/** A message of an event or of a page; undefined: it is none. */
export const readMessage = (raw: unknown): SlackMessage | undefined => messageSchema.safeParse(raw).data;

function reader<T>(method: string, schema: z.ZodType<T>): (answer: JsonObject) => T {
  return (answer) => {
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new CountersignError('Unavailable', `Slack's answer to ${method} is not understood`, {
      data: { slackError: 'bad_answer', perhapsDone: true },
      hint: 'tell the operator',
    });
  };
}
