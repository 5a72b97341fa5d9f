import { createPeople, peopleConfigSchema } from '../../src/approval/people.ts';
import { type ApprovalDeps, createApprovals } from '../../src/approval/service.ts';
import { createSlackApi } from '../../src/approval/slack/api.ts';
import { createHolder } from '../../src/approval/slack/holder.ts';
import { Keeper } from '../../src/approval/slack/keeper.ts';
import { createMentions } from '../../src/approval/slack/mentions.ts';
import { createLedger, type Ledger } from '../../src/approval/slack/posted.ts';
import { forgetMovedAway } from '../../src/approval/slack/retention.ts';
import { unreviewedBreakGlass } from '../../src/approval/unreviewed.ts';
import type {
  Approval,
  ApprovalChannel,
  ApprovalDraft,
  Approvals,
  PeopleRegistry,
  Vote,
} from '../../src/domain/approval.ts';
import type { State } from '../../src/domain/state.ts';
import { createRig, draft, echoing, type Rig } from './approvals.ts';
import { type FakeSlack, type FakeSlackOptions, startFakeSlack } from './slack/server.ts';
import type { FakeMessage } from './slack/world.ts';

const team = 'T0TEAM0001';
export const slackUsers = { ana: 'U0ANA00001', bo: 'U0BO000001', cy: 'U0CY000001', li: 'U0LI000001' } as const;
export const slackPeople: PeopleRegistry = createPeople(
  peopleConfigSchema.parse([
    { id: 'ana@example.com', groups: ['sre'], osUsers: ['ana'], slack: { team, user: slackUsers.ana } },
    { id: 'bo@example.com', groups: ['sre', 'security'], osUsers: ['bo'], slack: { team, user: slackUsers.bo } },
    { id: 'cy@example.com', groups: ['security'], osUsers: ['cy'], slack: { team, user: slackUsers.cy } },
    { id: 'li@example.com', groups: ['sre'], osUsers: ['li'], slack: { team, user: slackUsers.li } },
  ]),
);

/** The outbound half as one process has it, its turns taken by the test. */
interface SlackProcess {
  readonly state: State;
  readonly approvals: Approvals;
  readonly keeper: Keeper;
  readonly ledger: Ledger;
  /** How often the inbound half was told to start and to stop. */
  readonly connected: { starts: number; stops: number };
  /** Whose threads the inbound half was told to read. */
  readonly caughtUp: readonly string[];
  /** Time goes on as long as something waits to be tried again, at most so many seconds. */
  settle(seconds?: number): Promise<void>;
  /** Dies: its socket refuses, and it does nothing more. */
  die(): Promise<void>;
}

export interface SlackRig {
  readonly rig: Rig;
  readonly slack: FakeSlack;
  readonly first: SlackProcess;
  another(): Promise<SlackProcess>;
  ask(changes?: Partial<ApprovalDraft>): Promise<Approval>;
  vote(id: string, by: keyof typeof slackUsers, decision?: Vote['decision'], comment?: string): Promise<Approval>;
  /** The one message of the approval. */
  card(id: string): FakeMessage;
  end(): Promise<void>;
}

export interface SlackRigOptions {
  readonly slack?: FakeSlackOptions;
  readonly mention?: boolean;
}

export async function createSlackRig(options: SlackRigOptions = {}): Promise<SlackRig> {
  const rig = await createRig({ people: slackPeople });
  const slack = await startFakeSlack({ clock: rig.clock, ...options.slack });
  const processOf = (deps: ApprovalDeps): SlackProcess => openProcess(rig, slack, deps, options);
  const first = processOf(rig.deps);
  let asked = 0;
  return {
    rig,
    slack,
    first,
    another: async () => processOf((await rig.second()).deps),
    ask: (changes = {}) => {
      asked++;
      const own = { callDigest: `sha256:call${asked}`, planDigest: `sha256:plan${asked}` };
      return first.approvals.request(draft({ ...own, ...changes }));
    },
    vote: (id, by, decision = 'approve', comment) => {
      const person = slackPeople.byId(`${by}@example.com`)!;
      return first.approvals.vote(id, { person, decision, comment, channel: 'terminal' });
    },
    card: (id) => {
      const cards = slack.cards().filter((each) => JSON.stringify(each.metadata).includes(id));
      if (cards.length !== 1) throw new Error(`${cards.length} messages for ${id}`);
      return cards[0]!;
    },
    end: async () => {
      await slack.close();
      await rig.end();
    },
  };
}

function openProcess(rig: Rig, slack: FakeSlack, deps: ApprovalDeps, options: SlackRigOptions): SlackProcess {
  const { state, clock, log } = deps;
  const ledger = createLedger(state);
  const connected = { starts: 0, stops: 0 };
  const caughtUp: string[] = [];
  const channel: ApprovalChannel = {
    ...{ name: 'slack', place: 'Slack #k8s-approvals', caughtUp: async () => undefined },
    reachable: () => ({ people: slackPeople.all(), hint: '' }),
    post: async () => undefined,
    update: async () => undefined,
  };
  const approvals = createApprovals({
    ...deps,
    channels: [channel],
    limits: { ...deps.limits, openPerAgent: 1_000, openPerOwner: 1_000, askedPerHour: 1_000 },
  });
  const config = { mention: options.mention ?? true, userGroups: { sre: 'S0SRE00001' } };
  const keeper = new Keeper({
    api: createSlackApi({
      ...{ botToken: slack.botToken, appToken: slack.appToken, apiUrl: slack.apiUrl },
      pause: async (milliseconds) => rig.clock.step(milliseconds),
    }),
    ...{ ledger, approvals, clock, log },
    mentions: createMentions(slackPeople, config),
    channel: slack.channel,
    mask: echoing.echo,
    holder: createHolder(state),
    forget: () => forgetMovedAway(state, ledger),
    unreviewed: async () => (await unreviewedBreakGlass(state.root)).map(({ approval }) => approval),
    inbound: {
      start: async () => void connected.starts++,
      stop: async () => void connected.stops++,
      catchUp: async ({ id }) => void caughtUp.push(id),
    },
    alwaysConnected: false,
  });
  return {
    ...{ state, approvals, keeper, ledger, connected, caughtUp },
    settle: async (seconds = 120) => {
      for (let turn = 0; turn < seconds; turn++) {
        keeper.wake();
        await keeper.turn();
        rig.clock.step(1_000);
      }
    },
    die: () => state.close(),
  };
}
