import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import { type AgentRig, startAgent } from '../support/agent.ts';
import { atEnd } from '../support/at-end.ts';
import { type ClusterAgent, startClusterAgent } from '../support/cluster-agent.ts';
import { cardOf, textOf, until } from '../support/slack/looking.ts';
import { type FakeSlack, startFakeSlack } from '../support/slack/server.ts';
import type { FakeMessage } from '../support/slack/world.ts';
import { slackUsers } from '../support/slack-rig.ts';

const team = 'T0TEAM0001';
const rules = [
  { name: 'reads-flow', description: 'Objects may be read.', match: { verbs: ['get', 'list'] }, effect: 'allow' },
  {
    name: 'two-of-two-groups',
    description: 'A change needs one of sre and one of security.',
    match: { verbs: ['create', 'patch', 'delete'] },
    effect: 'review',
    require: { groups: ['sre', 'security'] },
  },
];

let slack: FakeSlack;
let agent: ClusterAgent;
let config: JsonObject;
beforeAll(async () => {
  slack = await startFakeSlack();
  const folder = await mkdtemp(join(tmpdir(), 'cs-e2e-slack-'));
  atEnd(async () => {
    await slack.close();
    await rm(folder, { recursive: true, force: true });
  });
  await writeFile(join(folder, 'bot'), slack.botToken, { mode: 0o600 });
  await writeFile(join(folder, 'app'), slack.appToken, { mode: 0o600 });
  config = {
    people: [
      { id: 'li@example.com', osUsers: [userInfo().username, 'li'], slack: { team, user: slackUsers.li } },
      { id: 'ana@example.com', groups: ['sre'], slack: { team, user: slackUsers.ana } },
      { id: 'cy@example.com', groups: ['security'], slack: { team, user: slackUsers.cy } },
    ],
    approvals: {
      local: 'sudo',
      slack: {
        botToken: `file:${join(folder, 'bot')}`,
        appToken: `file:${join(folder, 'app')}`,
        ...{ channel: slack.channel, channelName: 'k8s-approvals', apiUrl: slack.apiUrl },
      },
    },
  };
  agent = await startClusterAgent({ config, rules });
});

/** The values that a call wants, and those that somebody else keeps. */
const wanted = (name: string, color: string): JsonObject => ({
  manifest: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { color } }),
  reason: 'the shop is repainted',
});
const make = (name: string): Promise<unknown> =>
  agent.kube.create(agent.path('configmaps'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: agent.namespace },
    data: { color: 'red', visitors: '1' },
  });
const data = async (name: string): Promise<unknown> => (await agent.kube.get(agent.path('configmaps', name)))?.data;
const change = (name: string, changed: JsonObject): Promise<unknown> =>
  agent.kube.patch(agent.path('configmaps', name), { data: changed });

/** One of each group, by a click and by a reply. */
async function countersign(id: string): Promise<FakeMessage> {
  const card = await cardOf(slack, id);
  await slack.sockets.connected();
  await slack.click(slackUsers.ana, card, 'approve');
  await until(() => expect(textOf(card)).toContain(`1 of 2: <@${slackUsers.ana}>`));
  slack.reply(slackUsers.cy, card.ts, 'approve');
  return card;
}

describe('an approval in Slack for a real API server', () => {
  it('changes nothing before two people of two groups have voted, and then exactly what they saw', async () => {
    await make('paint');
    const { approval, answer } = await agent.hold('apply', { ...wanted('paint', 'blue'), forceConflicts: true });
    const card = await cardOf(slack, approval.id);
    expect(textOf(card)).toContain('data.color: red -> blue');
    expect(await data('paint')).toEqual({ color: 'red', visitors: '1' });
    await countersign(approval.id);
    expect((await answer).structured).toMatchObject({ status: 'executed' });
    expect(await data('paint')).toEqual({ color: 'blue', visitors: '1' });
    await until(() => expect(textOf(card)).toContain('Executed: apply'));
  });

  it('does not run what changed while people decided, and says what and where', async () => {
    await make('drifts');
    const { approval, answer } = await agent.hold('apply', { ...wanted('drifts', 'blue'), forceConflicts: true });
    await change('drifts', { color: 'green' });
    const card = await countersign(approval.id);
    const result = await answer;
    expect(result.structured).toMatchObject({ status: 'drifted' });
    expect(result.text).toContain('data.color');
    expect(await data('drifts')).toEqual({ color: 'green', visitors: '1' });
    await until(() => expect(textOf(card)).toContain('Drifted, not executed: apply'));
  });

  it('runs where only a field changed that the manifest leaves to somebody else, as an autoscaler does', async () => {
    await make('scaled');
    const { approval, answer } = await agent.hold('apply', { ...wanted('scaled', 'blue'), forceConflicts: true });
    await change('scaled', { visitors: '900' });
    await countersign(approval.id);
    expect((await answer).structured).toMatchObject({ status: 'executed' });
    expect(await data('scaled')).toEqual({ color: 'blue', visitors: '900' });
  });

  it('waits for an agent that gave up: what was approved runs when it comes back with the id, not before', async () => {
    await make('patient');
    const impatient = await another('someone-impatient', { waits: { withoutProgress: 1, withProgress: 1 } });
    const pending = await impatient.call('apply', { ...wanted('patient', 'blue'), forceConflicts: true });
    expect(pending.structured).toMatchObject({ status: 'approval_pending' });
    const id = String((pending.structured.approval as JsonObject).id);
    const card = await countersign(id);
    await until(() => expect(textOf(card)).toContain('2 of 2'));
    expect(await data('patient')).toEqual({ color: 'red', visitors: '1' });
    expect((await agent.call('approval', { id })).structured).toMatchObject({ status: 'executed' });
    expect(await data('patient')).toEqual({ color: 'blue', visitors: '1' });
    await impatient.leave();
  });

  it('runs after a restart in the middle, with a vote from before it and one from between', async () => {
    await make('restarted');
    const before = await another('claude-code', {});
    void before.call('apply', { ...wanted('restarted', 'blue'), forceConflicts: true }).catch(() => undefined);
    const { id } = await before.held();
    const card = await cardOf(slack, id);
    await slack.sockets.connected();
    await slack.click(slackUsers.ana, card, 'approve');
    await until(() => expect(textOf(card)).toContain(`1 of 2: <@${slackUsers.ana}>`));
    await before.leave();
    slack.reply(slackUsers.cy, card.ts, 'approve');
    const after = await another('claude-code', {});
    expect((await after.call('approval', { id })).structured).toMatchObject({ status: 'executed' });
    expect(await data('restarted')).toEqual({ color: 'blue', visitors: '1' });
    await until(() => expect(textOf(card)).toContain('Executed: apply'));
    await after.leave();
  });

  it('hears a vote at one process for a call that waits at another', async () => {
    await make('elsewhere');
    const other = await another('claude-code', {});
    const answer = other.call('apply', { ...wanted('elsewhere', 'blue'), forceConflicts: true });
    const { id } = await other.held();
    await countersign(id);
    expect((await answer).structured).toMatchObject({ status: 'executed' });
    expect(await data('elsewhere')).toEqual({ color: 'blue', visitors: '1' });
    await other.leave();
  });
});

/** One more server on the same state directory, with the same cluster and people. */
const another = (clientName: string, more: JsonObject): Promise<AgentRig> =>
  startAgent({
    state: agent.state,
    clientName,
    cluster: { kubeconfig: agent.kubeconfigPath, context: 'countersign-test', namespace: agent.namespace },
    config: { ...config, policy: { folder: agent.policyFolder ?? '' }, ...more },
  });
