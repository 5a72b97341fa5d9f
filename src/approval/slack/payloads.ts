import { z } from 'zod';

/** What Slack sends to an app, as much of it as is used. https://docs.slack.dev/reference/interaction-payloads */

const text = z.string();
const user = z.object({ id: text, team_id: text.optional() });
const team = z.object({ id: text }).nullish();

const blockActions = z.object({
  type: z.literal('block_actions'),
  user,
  team,
  trigger_id: text.optional(),
  container: z.object({
    type: text,
    message_ts: text.optional(),
    channel_id: text.optional(),
    is_ephemeral: z.boolean().optional(),
    is_app_unfurl: z.boolean().optional(),
  }),
  channel: z.object({ id: text }).nullish(),
  message: z.object({ ts: text, blocks: z.array(z.unknown()).default([]) }).optional(),
  actions: z.array(z.object({ action_id: text, value: text.optional(), action_ts: text })).min(1),
  /** There when a workflow, not a person's click on our message, is behind it. */
  function_data: z.unknown().optional(),
  bot_access_token: text.optional(),
});
export type BlockActions = z.output<typeof blockActions>;

const viewSubmission = z.object({
  type: z.literal('view_submission'),
  user,
  team,
  view: z.object({
    id: text,
    callback_id: text,
    private_metadata: text.default(''),
    state: z.object({ values: z.record(text, z.record(text, z.object({ value: text.nullish() }))) }),
  }),
});
export type ViewSubmission = z.output<typeof viewSubmission>;

const interaction = z.discriminatedUnion('type', [blockActions, viewSubmission]);

export const readInteraction = (raw: unknown): BlockActions | ViewSubmission | undefined =>
  interaction.safeParse(raw).data;

/** Words for a deny, which Slack shows as sent once they are acknowledged. */
export const isSubmission = (raw: unknown): boolean => viewSubmission.safeParse(raw).success;

/** Milliseconds: Slack shows a fault three seconds after it was sent. https://docs.slack.dev/surfaces/modals */
const acknowledgedWithin = 2_500;

/** Resolves when the work is done, or has to be acknowledged all the same. */
export async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, acknowledgedWithin).unref();
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const eventCallback = z.object({
  type: z.literal('event_callback'),
  team_id: text,
  event: z.looseObject({
    type: text,
    channel: text.optional(),
    thread_ts: text.optional(),
    parent_user_id: text.optional(),
    hidden: z.boolean().optional(),
    user_team: text.optional(),
  }),
});
export type EventCallback = z.output<typeof eventCallback>;

export const readEvent = (raw: unknown): EventCallback | undefined => eventCallback.safeParse(raw).data;

/** What the deny modal carries from the click to the words. */
const denyContext = z.object({ approval: text, planDigest: text });
export type DenyContext = z.output<typeof denyContext>;
export function readDenyContext(metadata: string): DenyContext | undefined {
  try {
    return denyContext.safeParse(JSON.parse(metadata)).data;
  } catch {
    return undefined;
  }
}
