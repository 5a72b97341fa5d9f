import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import { atEnd } from '../support/at-end.ts';
import { type ClusterAgent, startPod, uniqueName } from '../support/cluster-agent.ts';
import { needs } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { cardOf, textOf, until } from '../support/slack/looking.ts';
import { type FakeSlack, startFakeSlack } from '../support/slack/server.ts';
import { slackUsers } from '../support/slack-rig.ts';
import { canaries, Ledger } from './canaries.ts';
import { changedCopies, podWithAll, reason, startCanaryAgent, valuesIn } from './canary-rig.ts';

const ledger = new Ledger();
const team = 'T0TEAM0001';
const name = uniqueName('canaries');
let agent: ClusterAgent;
let slack: FakeSlack;
let folder: string;

beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  slack = await startFakeSlack();
  folder = await mkdtemp(join(tmpdir(), 'cs-canaries-'));
  for (const token of ['botToken', 'appToken'] as const)
    await writeFile(join(folder, token), slack[token], { mode: 0o600 });
  agent = await startCanaryAgent({
    config: withSlack(),
    stderrTo: join(folder, 'stderr'),
    env: {
      COUNTERSIGN_LOG: 'debug',
      COUNTERSIGN_TEST_CRASH: Buffer.from(canaries.data).toString('base64'),
      COUNTERSIGN_TEST_PID: join(folder, 'pid'),
      NODE_OPTIONS: `--require ${join(import.meta.dirname, '../support/crash-on-signal.cjs')}`,
    },
  });
  ledger.values = await valuesIn(agent);
  await startPod(agent, podWithAll());
  await quotes('warned', 'Warn');
  await quotes('denied', 'Deny');
});
afterAll(async () => {
  await slack.close();
  await rm(folder, { recursive: true, force: true });
});

const withSlack = (): JsonObject => ({
  people: [
    { id: 'li@example.com', osUsers: [userInfo().username, 'li'], slack: { team, user: slackUsers.li } },
    { id: 'ana@example.com', groups: ['sre'], osUsers: ['ana'], slack: { team, user: slackUsers.ana } },
  ],
  approvals: {
    local: 'sudo',
    slack: {
      botToken: `file:${join(folder, 'botToken')}`,
      appToken: `file:${join(folder, 'appToken')}`,
      ...{ channel: slack.channel, channelName: 'k8s-approvals', apiUrl: slack.apiUrl },
    },
  },
});

/** The API server itself quotes what a ConfigMap holds, to everybody who changes one with this label. */
async function quotes(label: string, action: 'Warn' | 'Deny'): Promise<void> {
  const { kube, namespace } = agent;
  const [root, apiVersion] = ['/apis/admissionregistration.k8s.io/v1', 'admissionregistration.k8s.io/v1'];
  const metadata = { name: `${name}-${label}` };
  const validation = {
    expression: `!has(object.metadata.labels) || !('${label}' in object.metadata.labels)`,
    messageExpression: `"it quotes " + object.data["copy-0-0"] + " and " + object.data["copy-1-1"]`,
  };
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] };
  await kube.create(`${root}/validatingadmissionpolicies`, {
    ...{ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata },
    spec: { matchConstraints: { resourceRules: [rule] }, validations: [validation] },
  });
  const matchResources = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } };
  await kube.create(`${root}/validatingadmissionpolicybindings`, {
    ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata },
    spec: { policyName: metadata.name, validationActions: [action], matchResources },
  });
  atEnd(async () => {
    for (const kind of ['validatingadmissionpolicybindings', 'validatingadmissionpolicies'])
      await kube.delete(`${root}/${kind}/${metadata.name}`);
  });
  await waitUntil(`${action} is in force`, async () => {
    const answer = await kube.send(
      'PATCH',
      `${agent.path('configmaps', 'copies')}?dryRun=All`,
      { metadata: { labels: { [label]: 'yes' } } },
      { 'content-type': 'application/merge-patch+json' },
    );
    const said = JSON.stringify([answer.headers.warning, answer.body]);
    return said.includes('it quotes') && said.includes(canaries.data) ? true : undefined;
  });
}

const labelled = (label: string, data: JsonObject = {}): JsonObject => ({
  manifest: JSON.stringify({
    ...(JSON.parse(changedCopies(data)) as JsonObject),
    metadata: { name: 'copies', labels: { [label]: 'yes' } },
  }),
  forceConflicts: true,
  reason,
});

async function ask(where: string, tool: string, input: JsonObject): Promise<string> {
  const { structured, text } = await agent.call(tool, input);
  ledger.look(where, structured);
  ledger.text(where, text);
  return text;
}

const cli = async (...args: readonly string[]): Promise<string> => {
  const env = { ...process.env, COUNTERSIGN_STATE: agent.state };
  const all = ['dist/countersign.cjs', ...args, '--config', agent.configFile];
  return (await promisify(execFile)(process.execPath, all, { env, maxBuffer: 1e8 })).stdout;
};

describe('no canary is told', () => {
  it('by warnings and refusals that quote what is in the cluster', async () => {
    const warned = await ask('a warning', 'apply', { ...labelled('warned'), dryRun: true });
    expect(warned).toContain('it quotes it is [masked Secret db/password] here');
    const denied = await ask('a refusal', 'apply', { ...labelled('denied'), dryRun: true });
    expect(denied).toContain('it quotes it is [masked Secret db/password] here');
  });

  it('by refusals of what may not be changed, which quote the object', async () => {
    const containers = [{ name: 'main', image: 'registry.example/main:1', args: ['--listen', ':81'] }];
    const pod = { ...podWithAll(), metadata: { name: 'web' }, spec: { containers } };
    const manifest = JSON.stringify(pod);
    const said = await ask('an immutable pod', 'apply', { manifest, forceConflicts: true, dryRun: true, reason });
    expect(said).toContain('pod updates may not change fields');
  });

  it('while people decide: in notes, cards, threads, files and lists', async () => {
    const notes: string[] = [];
    const answer = agent.call('apply', labelled('warned', { 'copy-2-0': 'new' }), (note) => notes.push(note));
    const approval = await agent.held();
    await until(() => expect(notes.length).toBeGreaterThan(0));
    const card = await cardOf(slack, approval.id);
    ledger.look('the approval', approval);
    await ask('approval status', 'approval', { id: approval.id, action: 'status' });
    for (const args of [['show', approval.id], ['show', approval.id, '--json'], ['list'], ['list', '--json']])
      ledger.look(`approvals ${args.join(' ')}`, await cli('approvals', ...args));
    await slack.sockets.connected();
    await slack.click(slackUsers.ana, card, 'diff');
    await agent.vote(approval.id, 'ana@example.com', 'approve', 'fine');
    const { structured, text } = await answer;
    expect(structured.status).toBe('executed');
    ledger.look('the answer', structured);
    ledger.text('the answer', text);
    await until(() => expect(textOf(card)).toContain('Executed: apply'));
    for (const note of notes) ledger.text('a note', note);
    expect(textOf(card)).toContain('[masked Secret db/password]');
  });

  it('by Slack, in anything that it was sent', () => {
    expect(slack.calls.length).toBeGreaterThan(3);
    ledger.look('calls to Slack', slack.calls);
    ledger.look('messages', slack.messages());
    ledger.look('files', slack.files());
    ledger.look('private lines', slack.whispers());
  });

  it('by what the server writes about itself, and by its crash', async () => {
    process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), 'SIGUSR2');
    const stderr = await waitUntil('it has told its crash', async () => {
      const text = await readFile(join(folder, 'stderr'), 'utf8');
      return text.includes('caused by') ? text : undefined;
    });
    expect(stderr).toContain('countersign: crashed: TypeError: cannot read "[masked Secret db/password]"');
    expect(stderr).toContain('caused by: Error: [masked Secret db/password]');
    expect(stderr).toMatch(/\n {4}at process\./);
    ledger.look('stderr', stderr);
  });

  it('at all', ({ task }) =>
    ledger.expectNothing('warnings, refusals, notes, Slack, logs of the server, crash', task.file, 150));
});
