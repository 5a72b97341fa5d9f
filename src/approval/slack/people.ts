import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PeopleRegistry } from '../../domain/approval.ts';
import type { Clock, Log } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';
import type { State } from '../../domain/state.ts';
import { type PeopleConfig, recordsOf, registryOf } from '../people.ts';
import { createAccounts, type Voted } from './accounts.ts';
import { type Ages, type Answers, addressFor, answerSchema, createAnswers, flagsFor, freshForClaim } from './asked.ts';
import { type Member, mergePeople } from './members.ts';
import type { SlackApi } from './ports.ts';

/** Milliseconds after which who is in which user group is read again. */
const readEvery = 300_000;

export interface SlackPeopleOptions {
  readonly config: PeopleConfig;
  /** Group of the policy to Slack user group. */
  readonly userGroups: Readonly<Record<string, string>>;
  readonly api: Pick<SlackApi, 'identity' | 'members' | 'user'>;
  readonly state: Pick<State, 'folder' | 'replace' | 'watch'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The configured people and the members of Slack user groups, as one registry that changes while the server runs. */
export interface SlackPeople extends PeopleRegistry {
  /** Reads the user groups now. @throws Unavailable */
  refresh(): Promise<void>;
  /** Reads them where they are older than a claim may go by. @throws Unavailable */
  fresh(): Promise<void>;
  /** Reads them now where that is due, and every five minutes. A failure is logged, and what was read last stays. */
  start(): void;
  stop(): void;
  current(voted: readonly Voted[]): Promise<readonly string[]>;
}

const readingSchema = z.object({
  version: z.literal(1),
  team: z.string(),
  /** Milliseconds since the epoch. */
  readAt: z.number(),
  groups: z.record(z.string(), z.array(z.string()).readonly()),
  members: z.array(z.object({ user: z.string(), email: z.string(), name: z.string() })),
  /** What Slack said of each user, and when. */
  users: z.record(z.string(), answerSchema).default({}),
});
type Reading = z.infer<typeof readingSchema>;

/** What was read last is kept in the state directory, so that all processes and a start without Slack agree. */
export async function openSlackPeople(options: SlackPeopleOptions): Promise<SlackPeople> {
  const { state, clock, log } = options;
  const configured = recordsOf(options.config);
  const asksSlack = Object.keys(options.userGroups).length > 0;
  const folder = await state.folder('people');
  const path = join(folder, 'slack.json');
  const answers = createAnswers(options.api, clock);
  let registry = registryOf(configured);
  let last: Reading | undefined;
  const take = (reading: Reading | undefined): void => {
    if (reading === undefined || reading.readAt === last?.readAt) return;
    const { people, refused, doubles } = mergePeople(configured, reading.team, membersOf(reading, options.userGroups));
    for (const { user, because } of refused) log.warn('a member of a Slack user group is no voter', { user, because });
    for (const [one, other] of doubles)
      log.warn('two records under people are one person in Slack, and count as one: make one of them', { one, other });
    registry = registryOf(people);
    answers.adopt(reading.users);
    last = reading;
  };
  const load = async (): Promise<void> => take(await readKept(path));
  const read = shared(async (ages: Ages) => {
    const reading = await readGroups(options, answers, ages);
    await state.replace(path, JSON.stringify(reading));
    take(reading);
  });
  const refresh = (): Promise<void> => read({ users: flagsFor, voted: [] });
  /** Whether the groups are older than this, or what is known of a member is older than it may be. */
  const isDue = (age: number, ages: Ages): boolean =>
    last === undefined ||
    Math.abs(clock.now() - last.readAt) > age ||
    Object.values(last.groups).some((group) => group.some((user) => answers.isDue(user, ages)));
  const readIfDue = async (age: number, ages: Ages): Promise<void> => {
    if (!asksSlack || !isDue(age, ages)) return;
    // Another process may have read it meanwhile.
    await load();
    if (isDue(age, ages)) await read(ages);
  };
  const accounts = createAccounts({
    ...{ api: options.api, clock, log },
    people: { byId: (id) => registry.byId(id) },
    answer: (user) => last?.users[user],
  });
  /** Those who voted and are in a user group, where who is in it cannot be read. */
  const unsureOfGroups = async (voted: readonly Voted[]): Promise<readonly string[]> => {
    const users = voted.map(({ person }) => [person, registry.byId(person)?.slack?.user ?? ''] as const);
    try {
      await readIfDue(freshForClaim, { users: addressFor, voted: users.map(([, user]) => user) });
      return [];
    } catch (thrown) {
      log.warn('Slack user groups cannot be read before a claim', { cause: String(thrown) });
      const members = Object.values(last?.groups ?? {}).flat();
      return users.flatMap(([person, user]) => (members.includes(user) ? [person] : []));
    }
  };
  if (asksSlack) await load();
  const stops: (() => void)[] = [];
  return {
    byId: (id) => (accounts.isGone(id) ? undefined : registry.byId(id)),
    byOsUser: (name) => registry.byOsUser(name),
    bySubject: (issuer, subject) => registry.bySubject(issuer, subject),
    byWorkload: (issuer, subject) => registry.byWorkload(issuer, subject),
    bySlack: (team, user) => registry.bySlack(team, user),
    all: () => registry.all(),
    refresh,
    fresh: () => readIfDue(freshForClaim, { users: addressFor, voted: [] }),
    current: async (voted) => {
      const unsure = await unsureOfGroups(voted);
      return [...new Set([...unsure, ...(await accounts.look(voted))])];
    },
    start: () => {
      if (stops.length > 0) return;
      const quietly = (work: () => Promise<void>) => (): void => {
        work().catch((thrown: unknown) => log.warn('Slack user groups cannot be read', { cause: String(thrown) }));
      };
      const look = quietly(() => readIfDue(readEvery, { users: flagsFor, voted: [] }));
      const again = quietly(() => accounts.lookAgain());
      const timer = setInterval(() => {
        look();
        again();
      }, readEvery / 5).unref();
      stops.push(() => clearInterval(timer));
      if (!asksSlack) return;
      stops.push(state.watch(folder, quietly(load)));
      look();
    },
    stop: () => {
      for (const stop of stops.splice(0)) stop();
    },
  };
}

async function readKept(path: string): Promise<Reading | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  try {
    return readingSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Members by the groups of the policy, whatever was configured when they were read. */
const membersOf = ({ groups, members }: Reading, userGroups: Readonly<Record<string, string>>): readonly Member[] =>
  members.map((member) => ({
    ...member,
    groups: Object.entries(userGroups).flatMap(([group, id]) => (groups[id]?.includes(member.user) ? [group] : [])),
  }));

/** @throws Unavailable when any of them cannot be read: half a group would be believed to be all of it */
async function readGroups(
  { api, userGroups, clock }: SlackPeopleOptions,
  answers: Answers,
  ages: Ages,
): Promise<Reading> {
  const { team } = await api.identity();
  const ids = [...new Set(Object.values(userGroups))];
  const lists = await Promise.all(ids.map(async (id) => [id, await api.members(id)] as const));
  const users = await answers.read([...new Set(lists.flatMap(([, members]) => members))], ages);
  const members = Object.entries(users).flatMap(([user, { team: theirs, name, email, bot, guest, deactivated }]) =>
    theirs === team && !bot && !guest && !deactivated && email !== undefined ? [{ user, email, name }] : [],
  );
  return { version: 1, team, readAt: clock.now(), groups: Object.fromEntries(lists), members, users };
}

/** Those who ask the same while it runs get the same run. */
function shared(run: (ages: Ages) => Promise<void>): (ages: Ages) => Promise<void> {
  const running = new Map<string, Promise<void>>();
  return (ages) => {
    const key = JSON.stringify(ages);
    const mine =
      running.get(key) ??
      run(ages)
        .catch((thrown: unknown) => {
          if (thrown instanceof CountersignError) throw thrown;
          throw new CountersignError('Unavailable', 'Slack user groups cannot be read', { cause: thrown });
        })
        .finally(() => running.delete(key));
    running.set(key, mine);
    return mine;
  };
}
