import { createApprovals } from '../../../src/approval/service.ts';
import { createSlackApi } from '../../../src/approval/slack/api.ts';
import { createSlackChannel, type SlackChannel } from '../../../src/approval/slack/channel.ts';
import { createSlackInbound, type InboundOptions } from '../../../src/approval/slack/inbound.ts';
import type { SlackApi, SlackInbound } from '../../../src/approval/slack/ports.ts';
import type { Approval, ApprovalDraft, Approvals, Vote } from '../../../src/domain/approval.ts';
import type { Log } from '../../../src/domain/environment.ts';
import { createRig, draft, echoing, oneOfSre, type Rig } from '../approvals.ts';
import { slackPeople } from '../slack-rig.ts';
import { type FakeSlack, type FakeSlackOptions, startFakeSlack } from './server.ts';
import type { FakeMessage } from './world.ts';

export { slackUsers } from '../slack-rig.ts';

/** Resolves once `seen` gives something; fails after some seconds with what was awaited. */
export async function until<T>(
  seen: () => T | undefined | false | Promise<T | undefined | false>,
  what = '',
): Promise<T> {
  const end = Date.now() + 8_000;
  for (;;) {
    const found = await seen();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what || String(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

interface Logged {
  readonly level: string;
  readonly message: string;
  readonly fields: object;
}

/** A server process with Slack: posts, listens and claims. */
interface Process {
  readonly approvals: Approvals;
  readonly channel: SlackChannel;
  readonly api: SlackApi;
  readonly inbound: () => ReturnType<typeof createSlackInbound>;
  /** Resolves when there is an inbound half: it is made when it is needed. */
  readonly listens: () => Promise<SlackInbound>;
}

export interface VotingRig extends Process {
  readonly rig: Rig;
  readonly slack: FakeSlack;
  readonly logs: readonly Logged[];
  /** Resolves when the message stands in Slack and the connection listens. */
  ask(changes?: Partial<ApprovalDraft>): Promise<{ readonly approval: Approval; readonly card: FakeMessage }>;
  another(): Promise<Process>;
  /** The votes, once everything that was acknowledged is dealt with. */
  votes(id: string): Promise<readonly Vote[]>;
  /** Resolves when `user` has been told something privately. */
  whisperTo(user: string): Promise<string>;
  end(): Promise<void>;
}

export interface VotingRigOptions {
  readonly slack?: FakeSlackOptions;
  readonly source?: (slack: FakeSlack) => InboundOptions['source'];
}

/** Loses no connection by itself; comes back at once. */
const pace = { pingEvery: 5_000, firstRetry: 10, lastRetry: 50 };

/** Approvals with the whole Slack channel, against a Slack of our own. */
export async function createVotingRig(options: VotingRigOptions = {}): Promise<VotingRig> {
  const rig = await createRig({ people: slackPeople });
  const slack = await startFakeSlack({ clock: rig.clock, ...options.slack });
  const logs: Logged[] = [];
  const source = options.source?.(slack) ?? { mode: 'socket', pace };
  const processes: Process[] = [];
  const open = async (deps: Rig['deps']): Promise<Process> => {
    const process = openProcess({ ...deps, log: keeping(logs) }, slack, source);
    processes.push(process);
    await process.channel.start?.(process.approvals);
    return process;
  };
  const first = await open(rig.deps);
  let asked = 0;
  return {
    ...first,
    rig,
    slack,
    logs,
    ask: async (changes = {}) => {
      asked++;
      const own = { callDigest: `sha256:call${asked}`, planDigest: `sha256:plan${asked}` };
      const approval = await first.approvals.request(draft({ ...own, ...changes }));
      const card = await until(() => cardOf(slack, approval.id), 'the message');
      await until(() => posted(first, approval), 'the message to be known');
      if (source.mode === 'socket') await slack.sockets.connected();
      return { approval, card };
    },
    another: async () => open((await rig.second()).deps),
    votes: async (id) => {
      await first.inbound().idle();
      return (await first.approvals.read(id)).votes;
    },
    whisperTo: async (user) => until(() => slack.whispers(user).at(-1)?.text, `a private line to ${user}`),
    end: async () => {
      for (const { channel } of processes) await channel.stop?.();
      await slack.close();
      await rig.end();
    },
  };
}

const cardOf = (slack: FakeSlack, id: string): FakeMessage | undefined =>
  slack.cards().find((each) => JSON.stringify(each.metadata ?? {}).includes(id));

/** Its thread can be read, so it is written down where it is. */
const posted = ({ channel }: Process, approval: Approval): Promise<boolean> =>
  channel.caughtUp(approval).then(
    () => true,
    () => false,
  );

function openProcess(deps: Rig['deps'], slack: FakeSlack, source: InboundOptions['source']): Process {
  const { state, people, clock, log } = deps;
  const api = createSlackApi({ botToken: slack.botToken, appToken: slack.appToken, apiUrl: slack.apiUrl });
  let inbound: ReturnType<typeof createSlackInbound> | undefined;
  const channel = createSlackChannel({
    config: { channel: slack.channel, mode: source.mode, userGroups: {}, mention: false },
    ...{ api, state, people, clock, log },
    mask: echoing.echo,
    createInbound: (parts) => {
      inbound = createSlackInbound({ ...parts, ...{ people, state, clock, log, source }, channel: slack.channel });
      return inbound;
    },
  });
  const approvals = createApprovals({ ...deps, channels: [...deps.channels, channel] });
  const there: Process['inbound'] = () => {
    if (inbound === undefined) throw new Error('nothing listens yet');
    return inbound;
  };
  return { approvals, channel, api, inbound: there, listens: () => until(() => inbound, 'an inbound half') };
}

const keeping = (logs: Logged[]): Log => {
  const keep =
    (level: string) =>
    (message: string, fields: object = {}): void => {
      logs.push({ level, message, fields });
    };
  return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
};

export const twoOfSre = { ...oneOfSre, slots: [{ group: 'sre', count: 2 }] };
