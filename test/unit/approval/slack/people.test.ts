import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { peopleConfigSchema } from '../../../../src/approval/people.ts';
import { createSlackApi } from '../../../../src/approval/slack/api.ts';
import { mergePeople } from '../../../../src/approval/slack/members.ts';
import { openSlackPeople, type SlackPeople } from '../../../../src/approval/slack/people.ts';
import { CountersignError } from '../../../../src/domain/errors.ts';
import type { State } from '../../../../src/domain/state.ts';
import { openState } from '../../../../src/state/state.ts';
import { realRandom, silent, type TestClock, testClock } from '../../../support/approvals.ts';
import { type FakeSlack, startFakeSlack } from '../../../support/slack/server.ts';
import type { FakeUser } from '../../../support/slack/world.ts';

const ana = 'U0ANA00001';
const bo = 'U0BO000001';

let slack: FakeSlack;
let clock: TestClock;
let root: string;
let states: State[];
beforeEach(async () => {
  clock = testClock();
  slack = await startFakeSlack({ clock });
  root = await mkdtemp(join(tmpdir(), 'cs-people-'));
  states = [];
});
afterEach(async () => {
  for (const state of states) await state.close();
  await slack.close();
  await rm(root, { recursive: true, force: true });
});

const records = [
  { id: 'ana@example.com', groups: ['oncall'], osUsers: ['ana'] },
  { id: 'boris', slack: { team: 'T0TEAM0001', user: bo } },
];
async function open(userGroups: Record<string, string> = { sre: 'S0SRE00001' }): Promise<SlackPeople> {
  const state = await openState({ root, clock, random: realRandom, log: silent });
  states.push(state);
  const api = createSlackApi({
    botToken: slack.botToken,
    appToken: undefined,
    apiUrl: slack.apiUrl,
    pause: async () => undefined,
  });
  return openSlackPeople({ config: peopleConfigSchema.parse(records), userGroups, api, state, clock, log: silent });
}
const userOf = (id: string): FakeUser => {
  const user = slack.world.users.get(id);
  if (user === undefined) throw new Error(`no ${id}`);
  return user;
};
const by = (...ids: readonly string[]) => ids.map((person) => ({ person, channel: 'slack' as const }));
const groupReads = () => slack.calls.filter(({ method }) => method === 'usergroups.users.list').length;

it('puts the members of a user group into the group, each into the one record that is theirs', async () => {
  slack.world.userGroups.set('S0SRE00001', [ana, bo, 'U0CY000001']);
  const people = await open();
  await people.fresh();
  expect(people.all().map(({ id, groups }) => [id, groups])).toEqual([
    ['ana@example.com', ['oncall', 'sre']],
    ['boris', ['sre']],
    ['cy@example.com', ['sre']],
  ]);
  expect(people.bySlack(slack.team, ana)).toBe(people.byOsUser('ana'));
  expect(people.bySlack(slack.team, bo)?.id).toBe('boris');
  expect(people.bySlack('T0OTHERTEAM', ana)).toBeUndefined();
});

it('takes in no guest, no bot, nobody deactivated and nobody of another workspace', async () => {
  slack.world.userGroups.set('S0SRE00001', ['U0GUEST001', 'U0GONE0001', 'U0FLOW0001', 'U0OTHER001']);
  const people = await open();
  await people.fresh();
  expect(people.all().map(({ id, groups }) => [id, groups])).toEqual([
    ['ana@example.com', ['oncall']],
    ['boris', []],
  ]);
});

it('reads again before a claim when it is older than a minute, and not sooner', async () => {
  const people = await open();
  await people.fresh();
  clock.step(59_000);
  await people.fresh();
  expect(groupReads()).toBe(1);
  clock.step(2_000);
  slack.world.userGroups.set('S0SRE00001', [bo]);
  await people.fresh();
  expect(groupReads()).toBe(2);
  expect(people.byId('ana@example.com')?.groups).toEqual(['oncall']);
});

it('asks again before a claim for those who voted, and for nobody else', async () => {
  slack.world.userGroups.set('S0SRE00001', [ana, bo, 'U0CY000001']);
  const people = await open();
  await people.fresh();
  clock.step(61_000);
  const before = slack.calls.length;
  slack.world.users.set(bo, { ...userOf(bo), deactivated: true });
  expect(await people.current(by('boris', 'nobody'))).toEqual([]);
  expect(slack.calls.slice(before).map(({ method }) => method)).toEqual(['usergroups.users.list', 'users.info']);
  expect(people.byId('boris')).toBeUndefined();
  await people.current(by('boris'));
  expect(slack.calls.length).toBe(before + 2);
});

it('goes on from where a rate limit stopped it, so that a large group can be read', async () => {
  const users = Array.from({ length: 250 }, (_, i) => `U${i}`);
  let left = 100;
  const api = {
    identity: async () => ({ team: 'T', user: 'B', scopes: [] }),
    members: async () => users,
    user: async (id: string) => {
      if (left-- <= 0) throw new CountersignError('Unavailable', 'limited', { data: { slackError: 'ratelimited' } });
      return {
        ...{ id, team: 'T', name: id, email: `${id}@example.com` },
        bot: false,
        guest: false,
        deactivated: false,
      };
    },
  };
  const state = await openState({ root, clock, random: realRandom, log: silent });
  states.push(state);
  const people = await openSlackPeople({ config: [], userGroups: { sre: 'S1' }, api, state, clock, log: silent });
  for (const _ of [1, 2]) {
    await expect(people.fresh()).rejects.toMatchObject({ code: 'Unavailable' });
    clock.step(60_000);
    left = 100;
  }
  await people.fresh();
  expect(people.all()).toHaveLength(250);
  clock.step(61_000);
  left = 1;
  await people.current(by('u7@example.com'));
  expect(left).toBe(0);
});

it('keeps what was read, for another process and for a start without Slack', async () => {
  const people = await open();
  await people.fresh();
  const other = await open();
  expect(other.byId('ana@example.com')?.groups).toEqual(['oncall', 'sre']);
  await other.fresh();
  expect(groupReads()).toBe(1);
  slack.down();
  expect((await open()).byId('boris')?.groups).toEqual(['sre']);
  clock.step(61_000);
  await expect(other.fresh()).rejects.toMatchObject({ code: 'Unavailable' });
  expect(other.byId('boris')?.groups).toEqual(['sre']);
});

it('believes no half of a group, and no file that it cannot read', async () => {
  const people = await open();
  slack.refuse(2, 'internal_error', 'users.info');
  await expect(people.fresh()).rejects.toMatchObject({ code: 'Unavailable' });
  expect(people.byId('boris')?.groups).toEqual([]);
  await people.fresh();
  await writeFile(join(root, 'people', 'slack.json'), '{"version":1');
  expect((await open()).byId('boris')?.groups).toEqual([]);
});

it('tells another process within a moment, and leaves a group that is configured no more', async () => {
  const [people, other] = [await open(), await open({ ops: 'S0SRE00001' })];
  other.start();
  people.start();
  await expect.poll(() => people.byId('boris')?.groups).toEqual(['sre']);
  await expect.poll(() => other.byId('boris')?.groups).toEqual(['ops']);
  other.stop();
  people.stop();
});

it('asks Slack nothing where no user group is configured', async () => {
  const people = await open({});
  people.start();
  await people.fresh();
  expect(slack.calls).toEqual([]);
  expect(people.byId('boris')?.slack?.user).toBe(bo);
});

it('says of two records that they are one person, once for each reading', async () => {
  const state = await openState({ root, clock, random: realRandom, log: silent });
  states.push(state);
  const told: object[] = [];
  const log = { ...silent, warn: (message: string, fields?: object) => void told.push({ message, ...fields }) };
  const { botToken, apiUrl } = slack;
  const people = await openSlackPeople({
    config: peopleConfigSchema.parse([
      { id: 'ana@example.com', groups: ['sre'] },
      { id: 'anna', groups: ['security'], slack: { team: slack.team, user: ana } },
    ]),
    userGroups: { sre: 'S0SRE00001' },
    api: createSlackApi({ botToken, appToken: undefined, apiUrl, pause: async () => undefined }),
    ...{ state, clock, log },
  });
  await people.fresh();
  await people.fresh();
  expect(told).toEqual([
    { message: expect.stringContaining('one person in Slack'), one: 'anna', other: 'ana@example.com' },
  ]);
  expect(people.all().filter(({ slack: who }) => who?.user === ana)).toHaveLength(1);
});

describe('one person one record', () => {
  const configured = [
    { id: 'ana@example.com', name: 'ana', groups: [], osUsers: [], slack: { team: 'T', user: 'U1' } },
    { id: 'a.smith', name: 'a', groups: [], osUsers: ['a'], slack: { team: 'T', user: 'U2' } },
    { id: 'smith@example.com', name: 'smith', groups: [], osUsers: [] },
  ];
  const member = (user: string, email: string) => ({ user, email, name: 'x', groups: ['sre'] });

  it.each([
    ['another Slack user with a configured address', member('U9', 'ANA@example.com'), 'another Slack user'],
    ['an address that is no file name', member('U9', '../x@example.com'), 'cannot be an id'],
  ])('refuses %s', (_, who, because) => {
    const { people, refused } = mergePeople(configured, 'T', [who]);
    expect(refused).toEqual([{ user: who.user, because: expect.stringContaining(because) }]);
    expect(people).toEqual(configured);
  });

  it('does not tell upper from lower case in an address', () => {
    const { people } = mergePeople([], 'T', [member('U1', 'Cy@Example.com'), member('U2', 'cy@example.com')]);
    expect(people).toMatchObject([{ id: 'cy@example.com', slack: { user: 'U1' } }]);
  });
});
