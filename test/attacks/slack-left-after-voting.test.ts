import { afterEach, beforeEach, expect, it } from 'vitest';
import { peopleConfigSchema } from '../../src/approval/people.ts';
import { createApprovals } from '../../src/approval/service.ts';
import { createSlackApi } from '../../src/approval/slack/api.ts';
import { openSlackPeople, type SlackPeople } from '../../src/approval/slack/people.ts';
import type { Approvals, Vote } from '../../src/domain/approval.ts';
import type { Requirement } from '../../src/domain/decision.ts';
import { createRig, draft, oneOfSre, type Rig } from '../support/approvals.ts';
import { slackUsers } from '../support/slack/rig.ts';
import { type FakeSlack, startFakeSlack } from '../support/slack/server.ts';
import type { FakeUser } from '../support/slack/world.ts';

const team = 'T0TEAM0001';
const config = peopleConfigSchema.parse([
  { id: 'ana@example.com', groups: ['sre'], slack: { team, user: slackUsers.ana } },
  { id: 'bo@example.com', groups: ['sre'], slack: { team, user: slackUsers.bo } },
  { id: 'tom@example.com', groups: ['sre'], osUsers: ['tom'] },
]);

let rig: Rig;
let slack: FakeSlack;
let people: SlackPeople;
let approvals: Approvals;
beforeEach(async () => {
  rig = await createRig();
  slack = await startFakeSlack({ clock: rig.clock });
  const { state, clock, log } = rig.deps;
  const { botToken, apiUrl } = slack;
  const api = createSlackApi({ botToken, appToken: undefined, apiUrl, pause: async () => undefined });
  people = await openSlackPeople({ config, userGroups: {}, api, state, clock, log });
  approvals = createApprovals({ ...rig.deps, people });
});
afterEach(async () => {
  await slack.close();
  await rig.end();
});

const ask = async (requirement: Requirement = oneOfSre): Promise<string> =>
  (await approvals.request(draft({ requirement }))).id;
const vote = async (id: string, name: string, channel: Vote['channel'], decision: Vote['decision'] = 'approve') => {
  const person = config.find((each) => each.id === `${name}@example.com`);
  if (person === undefined) throw new Error(`no ${name}`);
  return approvals.vote(id, { person: { ...person, name }, decision, comment: undefined, channel });
};
const deactivate = (user: string, deactivated = true): void => {
  slack.world.users.set(user, { ...(slack.world.users.get(user) as FakeUser), deactivated });
};
const two: Requirement = { ...oneOfSre, slots: [{ group: 'sre', count: 2 }] };

it.each(['slack', 'terminal'] as const)(
  'does not run on the vote in %s of somebody who left since',
  async (channel) => {
    const id = await ask();
    await vote(id, 'ana', channel);
    deactivate(slackUsers.ana);
    await expect(approvals.claim(id, oneOfSre)).rejects.toMatchObject({
      code: 'Denied',
      message: expect.stringContaining('has 0 of 1'),
    });
    // Nothing is spent: somebody else may still approve.
    expect((await approvals.read(id)).state).toBe('pending');
    expect((await vote(id, 'tom', 'terminal')).have).toBe(1);
    expect((await approvals.claim(id, oneOfSre)).state).toBe('claimed');
  },
);

it('does not let them vote any more, and counts them again when they are back', async () => {
  const id = await ask();
  await vote(id, 'ana', 'slack');
  deactivate(slackUsers.ana);
  await expect(approvals.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Denied' });
  await expect(vote(id, 'ana', 'terminal', 'undo')).rejects.toMatchObject({ code: 'Invalid' });
  deactivate(slackUsers.ana, false);
  rig.clock.step(61_000);
  await expect(approvals.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Denied' });
  await people.current([{ person: 'ana@example.com', channel: 'slack' }]);
  expect((await approvals.claim(id, oneOfSre)).state).toBe('claimed');
});

it('runs nothing on a vote in Slack while Slack cannot say whether its voter is still there, and keeps it', async () => {
  const id = await ask();
  await vote(id, 'ana', 'slack');
  slack.down();
  await expect(approvals.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Unavailable' });
  expect((await approvals.read(id)).state).toBe('approved');
});

it('runs on votes at the terminal while Slack is down, also beside one that it cannot look at', async () => {
  const id = await ask();
  await vote(id, 'ana', 'slack');
  await vote(id, 'tom', 'terminal');
  slack.down();
  expect((await approvals.claim(id, oneOfSre)).state).toBe('claimed');
});

it('does not take a voter of whom nothing is known for the second of two', async () => {
  const id = await ask(two);
  await vote(id, 'ana', 'slack');
  await vote(id, 'tom', 'terminal');
  slack.down();
  await expect(approvals.claim(id, two)).rejects.toMatchObject({ code: 'Unavailable' });
  expect((await approvals.read(id)).state).toBe('approved');
});
