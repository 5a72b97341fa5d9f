import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../src/domain/environment.ts';

export interface FakeUser {
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  /** Another workspace's: a stranger of a shared channel. */
  readonly team?: string;
  readonly bot?: boolean;
  readonly guest?: 'restricted' | 'ultra_restricted';
  readonly deactivated?: boolean;
  /** False: not a member of the channel, so nothing can be whispered to them. */
  readonly inChannel?: boolean;
}

export interface FakeMessage {
  readonly type: 'message';
  readonly channel: string;
  readonly ts: string;
  text: string;
  blocks?: object[];
  readonly user?: string;
  readonly team?: string;
  readonly bot_id?: string;
  readonly app_id?: string;
  readonly subtype?: string;
  readonly thread_ts?: string;
  readonly parent_user_id?: string;
  readonly client_msg_id?: string;
  metadata?: { readonly event_type: string; readonly event_payload: object };
  readonly files?: readonly object[];
  readonly attachments?: readonly object[];
  edited?: { readonly user: string; readonly ts: string };
}

export interface Whisper {
  readonly channel: string;
  readonly user: string;
  readonly text: string;
  readonly thread: string | undefined;
}

export interface FakeFile {
  readonly id: string;
  readonly name: string;
  readonly length: number;
  content?: string;
  channel?: string;
  thread?: string;
  comment?: string;
}

export interface OpenedView {
  readonly id: string;
  readonly user: string;
  readonly view: { readonly [key: string]: unknown };
}

export interface WorldOptions {
  readonly clock?: Clock;
  readonly users?: readonly FakeUser[];
  /** User group id to its members' ids. */
  readonly userGroups?: Readonly<Record<string, readonly string[]>>;
  readonly privateChannel?: boolean;
  /** False: the app was not invited to the channel. */
  readonly botInChannel?: boolean;
}

/** What stands in the workspace. One workspace, one channel that matters, one app in it. */
export interface World {
  readonly clock: Clock;
  readonly team: string;
  readonly appId: string;
  readonly botUser: string;
  readonly botId: string;
  readonly channel: string;
  readonly private: boolean;
  botInChannel: boolean;
  readonly users: Map<string, FakeUser>;
  readonly userGroups: Map<string, readonly string[]>;
  readonly messages: FakeMessage[];
  readonly whispers: Whisper[];
  readonly files: Map<string, FakeFile>;
  readonly views: OpenedView[];
  /** Trigger id to who may open a view with it. Each is good for one view. */
  readonly triggers: Map<string, string>;
  nextTs(): string;
  id(prefix: string): string;
  find(channel: string, ts: string): FakeMessage | undefined;
}

const people: readonly FakeUser[] = [
  { id: 'U0ANA00001', name: 'ana', email: 'ana@example.com' },
  { id: 'U0BO000001', name: 'bo', email: 'bo@example.com' },
  { id: 'U0CY000001', name: 'cy', email: 'cy@example.com' },
  { id: 'U0LI000001', name: 'li', email: 'li@example.com' },
  { id: 'U0GUEST001', name: 'guest', email: 'guest@partner.example', guest: 'ultra_restricted' },
  { id: 'U0GONE0001', name: 'gone', email: 'gone@example.com', deactivated: true },
  { id: 'U0FLOW0001', name: 'workflow', bot: true },
  { id: 'U0OTHER001', name: 'other', email: 'ana@example.com', team: 'T0OTHERTEAM' },
];

export function createWorld(options: WorldOptions): World {
  const clock = options.clock ?? { now: () => Date.now() };
  const botUser = 'U0BOT00001';
  const users = [...(options.users ?? people), { id: botUser, name: 'countersign', bot: true }];
  const messages: FakeMessage[] = [];
  let last = 0;
  let ids = 0;
  return {
    clock,
    team: 'T0TEAM0001',
    appId: 'A0APP00001',
    botUser,
    botId: 'B0BOT00001',
    channel: options.privateChannel === true ? 'G0APPROVE1' : 'C0APPROVE1',
    private: options.privateChannel ?? false,
    botInChannel: options.botInChannel ?? true,
    users: new Map(users.map((user) => [user.id, user])),
    userGroups: new Map(Object.entries(options.userGroups ?? { S0SRE00001: ['U0ANA00001', 'U0BO000001'] })),
    messages,
    whispers: [],
    files: new Map(),
    views: [],
    triggers: new Map(),
    // Microseconds; two messages of one channel never have the same.
    nextTs: () => {
      last = Math.max(last + 1, clock.now() * 1_000);
      return `${Math.floor(last / 1e6)}.${String(last % 1e6).padStart(6, '0')}`;
    },
    id: (prefix) => `${prefix}${String(++ids).padStart(4, '0')}${randomBytes(3).toString('hex').toUpperCase()}`,
    find: (channel, ts) => messages.find((each) => each.channel === channel && each.ts === ts),
  };
}

/** The user object of https://docs.slack.dev/reference/objects/user-object, the members that a client can go by. */
export function userObject(user: FakeUser, ownTeam: string, withEmail: boolean): object {
  const team = user.team ?? ownTeam;
  return {
    id: user.id,
    team_id: team,
    name: user.name,
    deleted: user.deactivated ?? false,
    real_name: user.name,
    tz: 'Europe/Berlin',
    profile: {
      real_name: user.name,
      display_name: user.name,
      team,
      ...(withEmail && user.email !== undefined ? { email: user.email } : {}),
    },
    is_admin: false,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: user.guest !== undefined,
    is_ultra_restricted: user.guest === 'ultra_restricted',
    ...(team === ownTeam ? {} : { is_stranger: true }),
    is_bot: user.bot ?? false,
    is_app_user: false,
    updated: 1_763_716_440,
  };
}
