import type { PeopleRegistry } from '../../domain/approval.ts';
import type { Log } from '../../domain/environment.ts';
import type { Ballots } from './ballot.ts';
import { denyCallback, denyModal, wordsOf } from './deny-modal.ts';
import type { HeardStore } from './heard.ts';
import { code, userMention } from './mrkdwn.ts';
import { type BlockActions, readDenyContext, type ViewSubmission } from './payloads.ts';
import type { Posted, PostedStore, SlackApi, SlackWords } from './ports.ts';
import type { Open } from './standing.ts';
import { isTakenBack } from './taken-back.ts';
import { actionIds, digestOfBlocks, readButtonValue } from './wire.ts';

/** A modal has to open within three seconds of the click. https://docs.slack.dev/surfaces/modals */
const modalWithin = 2_500;
/** How often, and in milliseconds how far apart, the digest is read again: Slack may show an edit before it is written down. */
const looks = 5;
const lookAgain = 200;

export interface ClickParts {
  readonly api: Pick<SlackApi, 'openView' | 'post'>;
  readonly posted: PostedStore;
  readonly ballots: Ballots;
  readonly words: Pick<SlackWords, 'postDiff'>;
  readonly open: Open;
  readonly heard: Pick<HeardStore, 'names'>;
  readonly people: Pick<PeopleRegistry, 'bySlack'>;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly log: Log;
}

export interface Clicks {
  /** A button of a message. Acknowledged before. */
  clicked(payload: BlockActions): Promise<void>;
  /** The modal that a click on Deny opened. */
  submitted(payload: ViewSubmission): Promise<void>;
}

export function createClicks(parts: ClickParts): Clicks {
  const { posted, ballots } = parts;
  return {
    clicked: async (payload) => {
      const [action] = payload.actions;
      if (action === undefined) return;
      const where = { channel: payload.container.channel_id ?? payload.channel?.id ?? '', ts: undefined };
      const refuse = (because: string): Promise<void> =>
        ballots.whisper(where, payload.user.id, `Your click does not count: ${because}.`);
      const found = await find(parts, payload);
      if ('refusal' in found) return refuse(found.refusal);
      if (!(await hasTheBlocks(parts, found, payload)))
        return refuse('the message is not what was posted, or has just changed; look at it again and click once more');
      const source = `slack:${found.channel}/${action.action_ts}`;
      if (action.action_id === actionIds.deny) return deny(parts, found, payload, source);
      if (action.action_id === actionIds.diff) return diff(parts, found, payload);
      if (action.action_id !== actionIds.approve) return;
      if (!found.approvable) return refuse('the whole diff is not in the thread yet');
      if (!(await parts.open.isCaughtUp(found.approval)))
        return refuse('what was said in the thread cannot be read just now; click again in a moment');
      if (await isUndone(parts, found, payload.user.id, action.action_ts))
        return refuse('you took it back after it; click again');
      await ballots.cast(found, { ...by(payload), decision: 'approve', comment: undefined, ...plainVote, source });
    },
    submitted: async (payload) => {
      if (payload.view.callback_id !== denyCallback) return;
      const context = readDenyContext(payload.view.private_metadata);
      const found = context && (await posted.read(context.approval));
      if (found === undefined || found.planDigest !== context?.planDigest)
        return parts.log.warn('a modal in Slack is of an approval that is not known', { user: payload.user.id });
      const source = `slack:${found.channel}/view-${payload.view.id}`;
      await ballots.cast(found, { ...by(payload), decision: 'deny', comment: wordsOf(payload), ...plainVote, source });
    },
  };
}

async function isUndone(
  { open, heard, people }: ClickParts,
  found: Posted,
  user: string,
  ts: string,
): Promise<boolean> {
  const approval = await open.read(found.approval);
  const person = people.bySlack(found.team, user)?.id;
  return approval !== undefined && isTakenBack(heard, approval, { user, person, ts });
}

const plainVote = { code: undefined, breakGlass: false };
/** The user's own workspace, which in a shared channel is not that of the payload. */
const by = ({ user, team }: Pick<BlockActions, 'user' | 'team'>) => ({ user: user.id, team: user.team_id ?? team?.id });

/** The message of ours that was clicked on, or why it is none. */
async function find(
  { posted, pause }: ClickParts,
  { container, channel, message, team, actions, function_data, bot_access_token }: BlockActions,
): Promise<Posted | { readonly refusal: string }> {
  if (function_data !== undefined || bot_access_token !== undefined) return { refusal: 'workflows do not vote' };
  const { channel_id, message_ts } = container;
  const carried = readButtonValue(actions[0]?.value ?? '');
  if (
    container.type !== 'message' ||
    container.is_ephemeral === true ||
    message_ts === undefined ||
    carried === undefined
  )
    return { refusal: 'the button is none of an approval' };
  // Slack shows a message before its answer is written down here.
  let found = await posted.read(carried.approval);
  for (let look = 1; look < looks && found === undefined; look++) {
    await pause(lookAgain);
    found = await posted.read(carried.approval);
  }
  if (found === undefined)
    return { refusal: `there is no approval ${code(carried.approval)} here any more: countersign approvals list` };
  const same =
    found.channel === channel_id &&
    found.ts === message_ts &&
    (channel?.id ?? channel_id) === channel_id &&
    (message === undefined || message.ts === message_ts) &&
    (team?.id ?? found.team) === found.team;
  if (!same) return { refusal: `the message of ${code(found.approval)} is another one` };
  return found.planDigest === carried.planDigest ? found : { refusal: 'the button is of another plan' };
}

async function hasTheBlocks({ posted, pause }: ClickParts, found: Posted, { message }: BlockActions): Promise<boolean> {
  if (message === undefined) return false;
  const digest = digestOfBlocks(message.blocks);
  const isOf = (each: Posted | undefined): boolean =>
    each !== undefined && [each.blocksDigest, ...each.earlierDigests].includes(digest);
  let known: Posted | undefined = found;
  for (let look = 1; look < looks && !isOf(known); look++) {
    await pause(lookAgain);
    known = await posted.read(found.approval);
  }
  return isOf(known);
}

/** Where no modal can open the click itself denies: who wants to stop something is not asked to try again. */
async function deny(parts: ClickParts, found: Posted, payload: BlockActions, source: string): Promise<void> {
  const { api, ballots, log, pause } = parts;
  const late = pause(modalWithin).then(() => Promise.reject(new Error('not opened in time')));
  late.catch(() => undefined);
  try {
    if (payload.trigger_id === undefined) throw new Error('no trigger');
    await Promise.race([api.openView(payload.trigger_id, denyModal(found)), late]);
  } catch (thrown) {
    log.warn('the modal of a deny did not open', { approval: found.approval, cause: String(thrown) });
    const cast = await ballots.cast(found, {
      ...by(payload),
      decision: 'deny',
      comment: undefined,
      ...plainVote,
      source,
    });
    if (cast !== 'counted') return;
    const text = `${userMention(payload.user.id)} denied ${code(found.approval)}. What should the agent do instead? Say it here, and tell whoever asked.`;
    await api.post({ channel: found.channel, thread: found.ts, text }).catch((cause: unknown) => {
      log.warn('nobody was asked what to do instead', { approval: found.approval, cause: String(cause) });
    });
  }
}

async function diff({ open, words }: ClickParts, found: Posted, _payload: BlockActions): Promise<void> {
  const approval = await open.read(found.approval);
  if (approval !== undefined) await words.postDiff(approval, found);
}
