import type { Approval, PeopleRegistry, Vote } from '../../domain/approval.ts';
import type { Clock } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';
import type { Said as Ballot, Ballots, Cast } from './ballot.ts';
import { hear } from './grammar.ts';
import type { HeardStore } from './heard.ts';
import { code } from './mrkdwn.ts';
import type { Heard, Posted, SlackApi, SlackMessage, SlackWords } from './ports.ts';
import type { Open } from './standing.ts';
import { isTakenBack, stillApproves, timeOf, undoMark } from './taken-back.ts';
import { failureOf } from './transport.ts';
import { shownOf, wholePlan } from './whole-plan.ts';

export interface ThreadParts {
  readonly api: Pick<SlackApi, 'identity' | 'replies'>;
  readonly ballots: Ballots;
  readonly heard: HeardStore;
  readonly words: SlackWords;
  readonly open: Pick<Open, 'read'>;
  readonly people: Pick<PeopleRegistry, 'bySlack'>;
  readonly clock: Clock;
}

export interface Threads {
  /** One reply that has just been written. */
  replied(posted: Posted, message: SlackMessage): Promise<void>;
  /** All that was written, denials first. @throws Unavailable when it cannot be read, or a vote in it not recorded */
  catchUp(approval: Approval, posted: Posted): Promise<void>;
}

type Said = Extract<Heard, { kind: 'vote' }>;
/** Slack's time stamp of the file with the whole plan; undefined: it is not there, or the message holds the whole plan. */
type Since = string | undefined;
interface Reply {
  readonly message: SlackMessage & { readonly user: string };
  readonly vote: Said;
  readonly since: Since;
}

export function createThreads(parts: ThreadParts): Threads {
  return {
    replied: async (posted, message) => {
      const { user } = message;
      if (user === undefined || message.bot) return;
      const heard = hear(message);
      if (heard.kind === 'vote')
        await said(parts, posted, {
          message: { ...message, user },
          vote: heard,
          since: await sinceOf(parts, posted, heard),
        });
      else if (heard.kind === 'command') await answer(parts, posted, user, heard.command);
      else if (heard.hint) await hint(parts, posted, user);
    },
    catchUp: async (approval, posted) => {
      const replies = await repliesOf(parts, approval, posted);
      const denials = replies.filter(({ vote }) => vote.decision === 'deny');
      const others: Reply[] = [];
      for (const reply of replies) {
        if (reply.vote.decision === 'deny') continue;
        // Never counts later, however it comes again; its author need not be told.
        if (isTakenBackIn(replies, reply)) await parts.heard.mark(posted.approval, reply.message.ts);
        else others.push(reply);
      }
      for (const reply of [...denials, ...others]) {
        const cast = await said(parts, posted, reply);
        if (cast === 'later')
          throw new CountersignError('Unavailable', `a vote in the thread of ${approval.id} cannot be recorded yet`, {
            hint: 'try again in a moment; the approval stays',
          });
        if (cast === 'counted' && reply.vote.decision === 'deny') return;
      }
    },
  };
}

/** The votes in its thread, and in those of its messages that were deleted. */
async function repliesOf(parts: ThreadParts, approval: Approval, posted: Posted): Promise<readonly Reply[]> {
  const { channel, ts, former = [] } = posted;
  const threads = await Promise.all([
    ...former.map((each) => parts.api.replies(channel, each).catch(noneIfGone)),
    parts.api.replies(channel, ts),
  ]);
  const readableSince = shownOf(approval).isWhole ? () => undefined : await fileIn(parts, approval);
  return threads.flatMap((messages) => votesIn(messages, readableSince(messages)));
}

/** Of a reply as it arrives, which may be long after it was said. @throws Unavailable: it is heard when the thread is read */
async function sinceOf(parts: ThreadParts, posted: Posted, { decision }: Said): Promise<Since> {
  const approval = decision === 'approve' ? await parts.open.read(posted.approval) : undefined;
  if (approval === undefined || shownOf(approval).isWhole) return undefined;
  return (await fileIn(parts, approval))(await parts.api.replies(posted.channel, posted.ts));
}

/** A deleted message to which nobody replied has no thread. */
function noneIfGone(thrown: unknown): readonly SlackMessage[] {
  if (failureOf(thrown).error === 'thread_not_found') return [];
  throw thrown;
}

/** When the whole plan came into a thread: our own file, not one that somebody named like it. */
async function fileIn({ api }: ThreadParts, approval: Approval): Promise<(all: readonly SlackMessage[]) => Since> {
  const { user } = await api.identity();
  const { name } = wholePlan(approval);
  return (all) => all.find((each) => each.user === user && each.files?.includes(name) === true)?.ts;
}

const votesIn = (messages: readonly SlackMessage[], since: Since): readonly Reply[] =>
  messages.flatMap((message) => {
    const { user, bot } = message;
    const vote = user === undefined || bot ? undefined : hear(message);
    return user !== undefined && vote?.kind === 'vote' ? [{ message: { ...message, user }, vote, since }] : [];
  });

/** An approve that is found late does not outlive the undo that its author said after it. */
const isTakenBackIn = (replies: readonly Reply[], { message, vote }: Reply): boolean =>
  vote.decision === 'approve' &&
  replies.some(
    (each) => each.vote.decision === 'undo' && each.message.user === message.user && each.message.ts > message.ts,
  );

/** Once: what was recorded or refused before is passed over. */
async function said(parts: ThreadParts, posted: Posted, reply: Reply): Promise<Cast> {
  const { ballots, heard, open } = parts;
  const approval = await open.read(posted.approval);
  const known = await castBefore(parts, posted, approval, reply);
  if (known !== undefined) return known;
  const objection = approval === undefined ? undefined : await objectionTo(parts, posted, approval, reply);
  const isFinal = objection?.isFinal ?? reply.vote.decision !== 'deny';
  // Remembered before it is told. What may be different the next time is told once and looked at again; so is a deny.
  const remember = isFinal
    ? () => refusedForGood(parts, posted, reply)
    : () => heard.mark(posted.approval, `told-${markOf(reply)}`);
  if (objection === undefined) return ballots.cast(posted, saidBy(reply, sourceOf(posted, markOf(reply))), remember);
  const words = `Your ${reply.vote.decision} of ${code(posted.approval)} does not count: ${objection.because}.`;
  if (await remember()) void ballots.whisper(posted, reply.message.user, words);
  return 'refused';
}

/** Words that were changed may stop what they did not before, and are nothing else. */
const markOf = ({ message: { ts, edited } }: Reply): string => (edited ? `${ts}-edited` : ts);

const sourceOf = ({ channel }: Posted, mark: string): string => `slack:${channel}/${mark}`;

async function castBefore(
  { heard, people }: ThreadParts,
  posted: Posted,
  approval: Approval | undefined,
  reply: Reply,
): Promise<Cast | undefined> {
  const { message, vote } = reply;
  const { user, ts, edited } = message;
  const votes = approval?.votes ?? [];
  const counted = (mark: string): Vote['decision'] | undefined =>
    votes.find(({ source }) => source === sourceOf(posted, mark))?.decision;
  const { decision } = vote;
  const mark = markOf(reply);
  if (counted(mark) !== undefined) return 'counted';
  // The same word before it was edited; a deny stops in any case.
  if (edited && decision !== 'deny' && counted(ts) === decision) return 'counted';
  if (edited && decision === 'undo' && (await heard.has(posted.approval, undoMark(user, ts)))) return 'refused';
  if (edited && decision === 'approve' && (await heard.has(posted.approval, ts))) return 'refused';
  if (!(await heard.has(posted.approval, mark))) return undefined;
  // It found nothing then, because the approve that it takes back was recorded after it.
  const person = people.bySlack(posted.team, user)?.id;
  return decision === 'undo' && stillApproves(votes, person, ts) ? undefined : 'refused';
}

/** Never counts later. An undo takes back what its author said before it, also where that comes after it. */
async function refusedForGood({ heard, clock }: ThreadParts, { approval }: Posted, reply: Reply): Promise<boolean> {
  const { user, ts, edited } = reply.message;
  if (reply.vote.decision === 'undo')
    await heard.mark(approval, undoMark(user, edited ? (clock.now() / 1_000).toFixed(6) : ts));
  return heard.mark(approval, markOf(reply));
}

const saidBy = ({ message, vote }: Reply, source: string): Ballot => {
  const { decision, comment, code: given, breakGlass } = vote;
  return { user: message.user, team: message.team, decision, comment, code: given, breakGlass, source };
};

interface Objection {
  readonly because: string;
  /** False: it may be none the next time. */
  readonly isFinal: boolean;
}

/** Only words that somebody wrote here, in time and unchanged, approve what they could read. To stop almost anything will do. */
async function objectionTo(
  { heard, people }: ThreadParts,
  posted: Posted,
  approval: Approval,
  { message, vote, since }: Reply,
): Promise<Objection | undefined> {
  if (vote.decision !== 'approve') return undefined;
  const refused = (because: string): Objection => ({ because, isFinal: true });
  if (message.edited) return refused('edited words are no vote; write a new reply');
  if (message.forwarded === true) return refused('a message that shares another one is no vote; write it yourself');
  if (message.subtype !== undefined && message.subtype !== 'thread_broadcast')
    return refused('only plain words are a vote; write a new reply without a file');
  const { user, ts } = message;
  if (timeOf(ts) > (approval.useBy ?? approval.decideBy))
    return refused(`it came too late, ${code(approval.id)} had expired`);
  const person = people.bySlack(posted.team, user)?.id;
  if (await isTakenBack(heard, approval, { user, person, ts }))
    return refused('you took it back after you wrote it; to approve, write a new reply');
  if (shownOf(approval).isWhole || (since !== undefined && since < ts)) return undefined;
  return { because: 'the whole plan is not in the thread yet; read it there and write a new reply', isFinal: false };
}

async function answer(
  { ballots, words, open }: ThreadParts,
  posted: Posted,
  user: string,
  command: 'status' | 'diff' | 'help',
): Promise<void> {
  const approval = await open.read(posted.approval);
  if (approval === undefined) return;
  if (command === 'diff') return words.postDiff(approval, posted);
  await ballots.whisper(posted, user, command === 'status' ? words.status(approval) : words.help(approval));
}

/** How to vote, once to each person, and only while a vote could count. */
async function hint({ ballots, words, heard, open }: ThreadParts, posted: Posted, user: string): Promise<void> {
  const approval = await open.read(posted.approval);
  if (approval === undefined || (approval.state !== 'pending' && approval.state !== 'approved')) return;
  if (await heard.mark(posted.approval, `hint-${user}`))
    await ballots.whisper(posted, user, `That is no vote. ${words.help(approval)}`);
}
