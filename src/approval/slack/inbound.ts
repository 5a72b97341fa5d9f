import type { Approval, Approvals, PeopleRegistry } from '../../domain/approval.ts';
import type { Clock, Log } from '../../domain/environment.ts';
import type { State } from '../../domain/state.ts';
import { createTurns, type InTurn } from '../turns.ts';
import { readMessage } from './answers.ts';
import { type Ballots, createBallots } from './ballot.ts';
import { type Clicks, createClicks } from './clicks.ts';
import { hear } from './grammar.ts';
import { createHeardStore } from './heard.ts';
import { createSlackHttp, listenForSlack, type SlackHttp } from './http.ts';
import { code } from './mrkdwn.ts';
import { type EventCallback, readEvent, readInteraction } from './payloads.ts';
import type { Posted, PostedStore, SlackApi, SlackInbound, SlackMessage, SlackWords } from './ports.ts';
import { createVerifier } from './signature.ts';
import { createSocketMode, type Pace } from './socket.ts';
import { createOpen, type Open } from './standing.ts';
import { createThreads, type Threads } from './thread.ts';
import { createVoters } from './voter.ts';

export interface InboundOptions {
  readonly api: SlackApi;
  readonly posted: PostedStore;
  readonly words: SlackWords;
  readonly approvals: Pick<Approvals, 'read' | 'list' | 'vote'>;
  readonly people: PeopleRegistry;
  readonly state: Pick<State, 'folder' | 'createExclusive'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Where approvals are asked; what is said elsewhere is not heard. */
  readonly channel: string;
  readonly source:
    | { readonly mode: 'socket'; readonly pace?: Partial<Pace> }
    /** Without `listen` requests come in by `http`, on somebody else's listener. */
    | { readonly mode: 'http'; readonly signingSecret: string; readonly listen: string | undefined };
  /** Real milliseconds. */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** Votes as they come from Slack: clicks, replies, and what a thread says when it is read. */
export function createSlackInbound(options: InboundOptions): SlackInbound & {
  /** Resolves when everything that was acknowledged until now is dealt with. */
  idle(): Promise<void>;
  /** Takes signed requests; undefined in Socket Mode. */
  readonly http: SlackHttp | undefined;
} {
  const heard = createHeard(options);
  const { open } = heard;
  const works = new Set<Promise<void>>();
  const receive = (type: string, payload: unknown): Promise<void> => {
    const work = receivePayload(heard, type, payload)
      .catch((thrown: unknown) => {
        options.log.error('what Slack sent could not be handled', { cause: String(thrown) });
      })
      .finally(() => works.delete(work));
    works.add(work);
    return work;
  };
  const idle = async (): Promise<void> => {
    await Promise.all(works);
    await heard.ballots.told();
  };
  const way = createWay(options, receive, () => open.gap());
  let started = false;
  return {
    start: async () => {
      if (started) return;
      started = true;
      try {
        await way.start();
        await heard.sweep();
      } catch (thrown) {
        started = false;
        throw thrown;
      }
    },
    stop: async () => {
      if (!started) return;
      started = false;
      open.stop();
      await way.stop();
      await idle();
    },
    idle,
    http: way.http,
    catchUp: heard.catchUp,
    get connected() {
      return way.connected();
    },
    get connections() {
      return way.connections();
    },
  };
}

interface HeardParts {
  readonly options: InboundOptions;
  readonly clicks: Clicks;
  readonly threads: Threads;
  readonly ballots: Ballots;
  readonly open: Open;
  readonly catchUp: (approval: Approval) => Promise<void>;
  readonly sweep: () => Promise<void>;
  /** One after the other for each approval. */
  readonly inTurn: InTurn;
}

function createHeard(options: InboundOptions): HeardParts {
  const { api, posted, words, approvals, people, state, clock, log, pause = sleep } = options;
  const voters = createVoters({ api, people, clock });
  const ballots = createBallots({ api, approvals, people, voters, log });
  const heard = createHeardStore(state);
  const catchUp = async (approval: Approval): Promise<void> => {
    const found = await posted.read(approval.id);
    if (found !== undefined) await threads.catchUp(approval, found);
  };
  const open = createOpen({ approvals, catchUp, clock, log });
  const threads = createThreads({ api, ballots, heard, words, open, people, clock });
  const clicks = createClicks({ api, posted, ballots, words, open, heard, people, pause, log });
  const sweep = (): Promise<void> => heard.sweep(async (id) => (await posted.read(id)) !== undefined);
  return { options, clicks, threads, ballots, open, catchUp, sweep, inTurn: createTurns() };
}

async function receivePayload(parts: HeardParts, type: string, payload: unknown): Promise<void> {
  const event = type === 'events_api' ? readEvent(payload) : undefined;
  if (event !== undefined) return replied(parts, event);
  const interaction = type === 'interactive' ? readInteraction(payload) : undefined;
  if (interaction?.type === 'block_actions') return parts.clicks.clicked(interaction);
  if (interaction?.type === 'view_submission') return parts.clicks.submitted(interaction);
  parts.options.log.debug('Slack sent what is not for us', { type });
}

/** A reply in the thread of an approval. What was changed or removed arrives too, and changes nothing. */
async function replied(
  { options, threads, ballots, open, inTurn }: HeardParts,
  { event, team_id }: EventCallback,
): Promise<void> {
  const { channel, thread_ts, hidden } = event;
  const read = readMessage(event);
  if (event.type !== 'message' || channel !== options.channel || hidden === true || read === undefined) return;
  const message = { ...read, team: event.user_team ?? read.team ?? team_id };
  if (message.user === undefined || message.bot || thread_ts === message.ts) return;
  const posted = thread_ts === undefined ? undefined : await postedSoon(options, channel, thread_ts, message);
  if (posted === undefined) return elsewhere(options, ballots, message, event);
  const heard = hear(message);
  // To stop something nobody waits for anything.
  if (heard.kind === 'vote' && heard.decision === 'deny') return threads.replied(posted, message);
  await inTurn(posted.approval, async () => {
    // Where the thread cannot be read now, a vote in it is heard when it can.
    if (heard.kind !== 'vote' || (await open.isCaughtUp(posted.approval))) await threads.replied(posted, message);
  });
}

/** Slack shows a message before its answer is written down here: a vote in a thread that is not known yet waits a moment for it. */
async function postedSoon(
  { posted, pause = sleep }: InboundOptions,
  channel: string,
  thread: string,
  message: SlackMessage,
): Promise<Posted | undefined> {
  let found = await posted.byMessage(channel, thread);
  if (found !== undefined || hear(message).kind !== 'vote') return found;
  for (let look = 0; look < 5 && found === undefined; look++) {
    await pause(200);
    found = await posted.byMessage(channel, thread);
  }
  return found;
}

/** A vote where none is asked, or none that is known yet, is answered, never swallowed. */
async function elsewhere(
  { api, posted, channel }: InboundOptions,
  ballots: Ballots,
  message: SlackMessage,
  { thread_ts: ts, parent_user_id }: EventCallback['event'],
): Promise<void> {
  const heard = hear(message);
  const { user } = message;
  if (heard.kind !== 'vote' || user === undefined) return;
  const answer = (because: string): Promise<void> =>
    ballots.whisper({ channel, ts }, user, `Your ${heard.decision} does not count${because}.`);
  if (ts !== undefined && parent_user_id !== undefined && parent_user_id === (await api.identity()).user)
    return answer(
      ' yet: no open approval of this thread is known here. If it has just been asked, your words are read again before it is used; look at it with: countersign approvals list',
    );
  if (heard.code === undefined) return;
  const there = await posted.read(heard.code);
  return answer(
    there === undefined
      ? `: there is no approval ${code(heard.code)} here`
      : `: reply in the thread of ${code(heard.code)}`,
  );
}

interface Way {
  start(): Promise<void>;
  stop(): Promise<void>;
  connected(): boolean;
  connections(): number | undefined;
  readonly http: SlackHttp | undefined;
}

function createWay(
  options: InboundOptions,
  receive: (type: string, payload: unknown) => Promise<void>,
  gap: () => void,
): Way {
  const { source, api, state, clock, log } = options;
  if (source.mode === 'socket') {
    const { pace = {} } = source;
    const socket = createSocketMode({ url: () => api.socketUrl(), receive, greeted: gap, log, pace });
    return {
      start: async () => socket.start(),
      stop: async () => socket.stop(),
      connected: () => socket.connected,
      connections: () => socket.connections,
      http: undefined,
    };
  }
  const verify = createVerifier({ signingSecret: source.signingSecret, clock, state });
  const handle = createSlackHttp({ verify, receive, log });
  let listener: Promise<{ close(): Promise<void> } | undefined> | undefined;
  return {
    start: async () => {
      if (listener !== undefined) return;
      listener = source.listen === undefined ? Promise.resolve(undefined) : listenForSlack(handle, source.listen);
      listener.catch(() => {
        listener = undefined;
      });
      await listener;
      gap();
    },
    stop: async () => {
      const last = listener;
      listener = undefined;
      const listening = await last?.catch(() => undefined);
      await listening?.close();
    },
    connected: () => listener !== undefined,
    connections: () => undefined,
    http: handle,
  };
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
