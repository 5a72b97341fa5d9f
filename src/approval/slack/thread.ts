import type { Approval, PeopleRegistry } from '../../domain/approval.ts';
import { CountersignError } from '../../domain/errors.ts';
import type { Ballots, Cast, Said } from './ballot.ts';
import { hear } from './grammar.ts';
import type { HeardStore } from './heard.ts';
import { code } from './mrkdwn.ts';
import type { Heard, Posted, SlackApi, SlackMessage, SlackWords } from './ports.ts';
import type { Open } from './standing.ts';

export interface ThreadParts {
  readonly api: Pick<SlackApi, 'replies'>;
  readonly ballots: Ballots;
  readonly heard: HeardStore;
  readonly words: SlackWords;
  readonly open: Pick<Open, 'read'>;
  readonly people: Pick<PeopleRegistry, 'bySlack'>;
}

export interface Threads {
  /** One reply that has just been written. */
  replied(posted: Posted, message: SlackMessage): Promise<void>;
  /** All that was written, denials first. @throws Unavailable when it cannot be read, or a vote in it not recorded */
  catchUp(approval: Approval, posted: Posted): Promise<void>;
}

type Vote = Extract<Heard, { kind: 'vote' }>;
interface Reply {
  readonly message: SlackMessage & { readonly user: string };
  readonly vote: Vote;
}

export function createThreads(parts: ThreadParts): Threads {
  return {
    replied: async (posted, message) => {
      const { user } = message;
      if (user === undefined || message.bot) return;
      const heard = hear(message);
      if (heard.kind === 'vote') await said(parts, posted, { message: { ...message, user }, vote: heard });
      else if (heard.kind === 'command') await answer(parts, posted, user, heard.command);
      else if (heard.hint) await hint(parts, posted, user);
    },
    catchUp: async (approval, posted) => {
      const replies = votesIn(await parts.api.replies(posted.channel, posted.ts));
      const personOf = (user: string): string | undefined => parts.people.bySlack(posted.team, user)?.id;
      const stands = (reply: Reply): boolean => !isTakenBack(reply, replies, approval, personOf(reply.message.user));
      const denials = replies.filter(({ vote }) => vote.decision === 'deny');
      const others = replies.filter((reply) => reply.vote.decision !== 'deny' && stands(reply));
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

const votesIn = (messages: readonly SlackMessage[]): readonly Reply[] =>
  messages.flatMap((message) => {
    const { user, bot } = message;
    const vote = user === undefined || bot ? undefined : hear(message);
    return user !== undefined && vote?.kind === 'vote' ? [{ message: { ...message, user }, vote }] : [];
  });

/** An approve that is found late does not outlive the undo that its author said after it, here or elsewhere. */
function isTakenBack(
  { message, vote }: Reply,
  replies: readonly Reply[],
  { votes }: Approval,
  person: string | undefined,
): boolean {
  if (vote.decision !== 'approve') return false;
  const here = replies.some(
    (each) => each.vote.decision === 'undo' && each.message.user === message.user && each.message.ts > message.ts,
  );
  const since = timeOf(message.ts);
  return here || votes.some((each) => each.decision === 'undo' && each.person === person && each.time >= since);
}

/** Milliseconds since the epoch. */
const timeOf = (ts: string): number => Number(ts) * 1_000;

/** Once: what was recorded or refused before is passed over. */
async function said(parts: ThreadParts, posted: Posted, reply: Reply): Promise<Cast> {
  const { ballots, heard, open } = parts;
  const { ts, edited } = reply.message;
  const sourceOf = (mark: string): string => `slack:${posted.channel}/${mark}`;
  const approval = await open.read(posted.approval);
  const before = async (mark: string): Promise<Cast | undefined> => {
    if (approval?.votes.some(({ source }) => source === sourceOf(mark)) === true) return 'counted';
    return (await heard.has(posted.approval, mark)) ? 'refused' : undefined;
  };
  // Words that were changed may stop what they did not before, and are nothing else.
  const mark = edited ? `${ts}-edited` : ts;
  const known = (await before(mark)) ?? (reply.vote.decision === 'approve' ? await before(ts) : undefined);
  if (known !== undefined) return known;
  // Remembered before it is told: what was refused never counts later.
  const remember = (): Promise<unknown> => heard.mark(posted.approval, mark);
  const because = approval === undefined ? undefined : objectionTo(reply, approval);
  if (because === undefined) return ballots.cast(posted, saidBy(reply, sourceOf(mark)), remember);
  await remember();
  const words = `Your ${reply.vote.decision} of ${code(posted.approval)} does not count: ${because}.`;
  await ballots.whisper(posted, reply.message.user, words);
  return 'refused';
}

const saidBy = ({ message, vote }: Reply, source: string): Said => {
  const { decision, comment, code: given, breakGlass } = vote;
  return { user: message.user, team: message.team, decision, comment, code: given, breakGlass, source };
};

/** Only words that somebody wrote here, in time and unchanged, approve. To stop or take back almost anything will do. */
function objectionTo({ message, vote }: Reply, approval: Approval): string | undefined {
  if (vote.decision !== 'approve') return undefined;
  if (message.edited) return 'edited words are no vote; write a new reply';
  if (message.forwarded === true) return 'a message that shares another one is no vote; write it yourself';
  if (message.subtype !== undefined && message.subtype !== 'thread_broadcast')
    return 'only plain words are a vote; write a new reply without a file';
  const deadline = approval.useBy ?? approval.decideBy;
  return timeOf(message.ts) > deadline ? `it came too late, ${code(approval.id)} had expired` : undefined;
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
