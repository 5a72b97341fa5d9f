import type { Approval, ApprovalChannel, Approvals, PeopleRegistry } from '../../domain/approval.ts';
import type { Clock, Log } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';
import type { HttpRoute } from '../../domain/http-route.ts';
import { lazy } from '../../domain/lazy.ts';
import type { Masked } from '../../domain/masked.ts';
import type { State } from '../../domain/state.ts';
import { unreviewedBreakGlass } from '../unreviewed.ts';
import type { SlackConfig } from './config.ts';
import { writeConnections } from './connections.ts';
import { createHolder } from './holder.ts';
import { type SlackHttp, slackRoutes } from './http.ts';
import { Keeper } from './keeper.ts';
import { createMentions } from './mentions.ts';
import type { PostedStore, SlackApi, SlackInbound, SlackWords } from './ports.ts';
import { createLedger, type Ledger } from './posted.ts';
import { forgetMovedAway } from './retention.ts';
import { helpText, statusReply } from './words.ts';

/** What the inbound half is made of. */
interface InboundParts {
  readonly api: SlackApi;
  readonly approvals: Approvals;
  readonly posted: PostedStore;
  readonly words: SlackWords;
}

export interface SlackChannelOptions {
  readonly config: Pick<SlackConfig, 'channel' | 'channelName' | 'mode' | 'userGroups' | 'mention'>;
  readonly api: SlackApi;
  readonly state: State;
  readonly people: PeopleRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** A text that passed the mask before, once more. */
  readonly mask: (text: string) => Masked<string>;
  /** A signed note where the audit log stands now, for the threads; undefined: none is put there. */
  readonly checkpoint?: (() => Promise<string>) | undefined;
  readonly createInbound: (parts: InboundParts) => Inbound;
}

type Inbound = SlackInbound & { readonly http?: SlackHttp | undefined };

export interface SlackChannel extends ApprovalChannel {
  /** Slack's signed requests, for the one listener of the program; of Socket Mode none. Each process that serves may take them. */
  readonly routes: readonly HttpRoute[];
}

/** Milliseconds between two looks whether the process that holds Slack is still there, and whether something is due. */
const lookEvery = 1_000;
/** Milliseconds in which changes are gathered into one look. */
const gather = 50;

/** Approvals as messages of one channel; votes as clicks and replies. Delivers from `start` on, in one process of several. */
export function createSlackChannel(options: SlackChannelOptions): SlackChannel {
  const { config, people, state } = options;
  const ledger = createLedger(state);
  let running: Running | undefined;
  const wake = async (): Promise<void> => running?.wake();
  return {
    name: 'slack',
    place: config.channelName === undefined ? `Slack (channel ${config.channel})` : `Slack #${config.channelName}`,
    reachable: () => ({
      people: people.all().filter(({ slack }) => slack !== undefined),
      hint: 'name their Slack users under people (slack), or their Slack user group under approvals.slack.userGroups',
    }),
    routes: config.mode === 'http' ? slackRoutes(() => running?.inbound().http) : [],
    post: wake,
    update: wake,
    caughtUp: (approval) => caughtUp(ledger, () => running?.inbound(), approval),
    start: async (approvals) => {
      running ??= await run(options, ledger, approvals);
    },
    stop: async () => {
      const last = running;
      running = undefined;
      await last?.stop();
    },
  };
}

/** Any process can read a thread; only who serves has the inbound half, and only who serves claims. */
async function caughtUp(ledger: Ledger, inbound: () => SlackInbound | undefined, approval: Approval): Promise<void> {
  const entry = await ledger.entry(approval.id);
  if (entry === undefined) return;
  const unclear = entry === 'corrupt' || (entry.ts === undefined && entry.begun.length > 0);
  if (!unclear && entry.ts === undefined) return;
  const heard = inbound();
  if (unclear || heard === undefined)
    throw new CountersignError('Unavailable', `what was said in Slack about ${approval.id} cannot be read yet`, {
      hint: 'try again in a moment; the approval stays',
    });
  await heard.catchUp(approval);
}

interface Running {
  readonly wake: () => void;
  readonly inbound: () => Inbound;
  stop(): Promise<void>;
}

async function run(options: SlackChannelOptions, ledger: Ledger, approvals: Approvals): Promise<Running> {
  const { config, api, state, people, clock, log, mask, checkpoint, createInbound } = options;
  const mentions = createMentions(people, config);
  const words: SlackWords = {
    status: (approval) => statusReply(approval, mentions),
    help: helpText,
    postDiff: (approval) => keeper.postWholePlan(approval),
  };
  const inbound = lazy(() => createInbound({ api, approvals, posted: ledger, words }));
  const keeper = new Keeper({
    ...{ api, ledger, approvals, mentions, clock, log, mask, checkpoint },
    channel: config.channel,
    holder: createHolder(state),
    forget: () => forgetMovedAway(state, ledger),
    unreviewed: async () => (await unreviewedBreakGlass(state.root)).map(({ approval }) => approval),
    inbound: {
      start: () => inbound().start(),
      stop: () => inbound().stop(),
      catchUp: (approval) => inbound().catchUp(approval),
    },
    alwaysConnected: config.mode === 'http',
  });
  const wake = gathered(() => keeper.wake());
  // What another process changes shows here; the timer is for what time changes, and for a holder that died.
  const stopWatch = state.watch(await state.folder('approvals-view'), wake);
  let counted: number | undefined;
  let writing = Promise.resolve();
  const timer = setInterval(() => {
    void keeper.turn();
    const { connections } = inbound();
    if (connections === undefined || connections === counted) return;
    counted = connections;
    writing = writeConnections(state, connections).catch((thrown: unknown) => {
      log.warn('the number of Slack connections cannot be kept', { cause: String(thrown) });
    });
  }, lookEvery).unref();
  keeper.wake();
  return {
    wake,
    inbound,
    stop: async () => {
      clearInterval(timer);
      stopWatch();
      await writing;
      await keeper.stop();
    },
  };
}

function gathered(run: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      run();
    }, gather).unref();
  };
}
