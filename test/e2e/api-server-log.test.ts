import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { JoinReport } from '../../src/audit/join/join.ts';
import { mutates, requestsOf, type ToldInvocation, toldInvocations } from '../support/audit-join.ts';
import { type ClusterAgent, establishFixtureKinds, startClusterAgent, startPod } from '../support/cluster-agent.ts';
import type { AuditLine } from '../support/control-plane/kube.ts';
import { controlPlane, needs } from '../support/control-plane/namespace.ts';
import { manifest } from '../support/manifests.ts';

const reason = 'part of the story';
const both = ['ana@example.com', 'bo@example.com'] as const;
let agent: ClusterAgent;
let requests: readonly AuditLine[];
let told: ReadonlyMap<string, ToldInvocation>;

beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  agent = await startClusterAgent();
  await establishFixtureKinds(agent.kube, agent.namespace);
  await tellTheStory();
  // What reads leave in the log rides the next flush: it is there when the server has ended.
  await agent.leave();
  requests = await requestsOf(agent.username, controlPlane().auditLogPath);
  told = await toldInvocations(join(agent.state, 'audit'));
}, 120_000);

/** Every tool; approved, denied, withdrawn, drifted, planned only, refused, pending, replayed; each as a call of its own. */
async function tellTheStory(): Promise<void> {
  const { kube, namespace } = agent;
  await kube.create(agent.path('deployments'), manifest('deployment', namespace));
  await kube.create(agent.path('fleets'), manifest('fleet', namespace));
  await startPod(agent, manifest('pod', namespace));
  const settings = (mode: string) => stringify({ ...manifest('configmap', namespace), data: { mode } });

  for (const resource of ['pods', 'secrets', 'fleets', 'no-such-kind']) await agent.call('get', { resource });
  await agent.call('get', { resource: 'pods', name: 'shell', output: 'describe' });
  await agent.call('get', { resource: 'pods', name: 'none' });

  const kinds = ['configmap', 'secret', 'service', 'widget'].map((name) => stringify(manifest(name, namespace)));
  for (const document of kinds) await agent.call('apply', { manifest: document, dryRun: true, reason });
  for (const document of kinds) expectStatus(await agent.approved('apply', { manifest: document, reason }), 'executed');
  expectStatus(await agent.denied('apply', { manifest: settings('denied'), reason }, 'no'), 'denied');
  expectStatus(await agent.approved('apply', { manifest: settings('approved'), reason }), 'executed');

  const { approval: drifting, answer: drifted } = await agent.hold('apply', { manifest: settings('third'), reason });
  await kube.patch(agent.path('configmaps', 'settings'), { data: { mode: 'somebody else was here' } });
  await agent.vote(drifting.id, 'ana@example.com', 'approve');
  expectStatus(await drifted, 'drifted');

  await agent.call('scale', { resource: 'deploy', name: 'web', replicas: 4, dryRun: true, reason });
  expectStatus(await agent.approved('scale', { resource: 'deploy', name: 'web', replicas: 3, reason }), 'executed');
  expectStatus(await agent.approved('scale', { resource: 'fleet', name: 'vans', replicas: 3, reason }), 'executed');
  const { approval: held, answer: withdrawn } = await agent.hold('scale', {
    resource: 'fleet',
    name: 'vans',
    replicas: 0,
    reason,
  });
  await agent.call('approval', { id: held.id, action: 'status' });
  await agent.call('approval', { id: held.id, timeout: 0 });
  await agent.call('approval', { id: held.id, action: 'withdraw' });
  expectStatus(await withdrawn, 'withdrawn');

  await agent.call('exec', { pod: 'shell', command: ['true'], dryRun: true, reason });
  expectStatus(await agent.approved('exec', { pod: 'shell', command: ['true'], reason }, both), 'executed');
  expectStatus(await agent.denied('exec', { pod: 'shell', command: ['echo', 'no'], reason }, 'no'), 'denied');

  await agent.call('delete', { resource: 'services', name: 'web', dryRun: true, reason });
  expectStatus(await agent.denied('delete', { resource: 'services', name: 'web', reason }, 'no'), 'denied');
  expectStatus(await agent.approved('delete', { resource: 'widgets', name: 'gear', reason }), 'executed');
  expectStatus(await agent.approved('delete', { resource: 'secrets', name: 'db', reason }, both), 'executed');
  expectStatus(await agent.call('delete', { resource: 'pods', name: 'x', namespace: 'kube-system', reason }), 'denied');
}

function expectStatus({ structured, text }: { structured: { status?: unknown }; text: string }, status: string): void {
  expect(structured.status, text).toBe(status);
}

const objectOf = ({ verb, objectRef }: AuditLine): string =>
  [verb, [objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/'), objectRef?.name].join(' ');

it('has no mutating request of ours beyond the approved ones, and all of those', () => {
  const seen = requests.filter(mutates);
  expect(seen.map(objectOf).sort()).toEqual(
    [
      'patch configmaps settings',
      'patch configmaps settings',
      'patch secrets db',
      'patch services web',
      'patch widgets gear',
      'patch deployments/scale web',
      'patch fleets/scale vans',
      'get pods/exec shell',
      'delete widgets gear',
      'delete secrets db',
    ].sort(),
  );
  for (const request of seen) {
    const invocation = [...told.values()].find(({ auditIds }) => auditIds.includes(request.auditID));
    const types = invocation?.lines.map(({ type }) => type) ?? [];
    expect(types, objectOf(request)).toEqual(expect.arrayContaining(['ApprovalClaimed', 'Authorized', 'Executed']));
    const authorized = invocation?.lines.find(({ type }) => type === 'Authorized');
    const approvals = [...told.values()]
      .flatMap(({ lines }) => lines)
      .filter(({ approval }) => approval === authorized?.approval);
    const voters = approvals.filter(({ type, decision }) => type === 'ApprovalVoted' && decision === 'approve');
    expect(new Set(voters.map(({ approver }) => approver)).size).toBe(authorized?.needs);
  }
});

it('has a mutating request for every run that our log tells of', () => {
  const ran = [...told.values()].filter(({ lines }) => {
    const types = lines.map(({ type }) => type);
    return (
      types.includes('Authorized') && types.includes('Executed') && lines.some(({ approval }) => approval !== undefined)
    );
  });
  expect(ran).toHaveLength(10);
  const seen = new Set(requests.filter(mutates).map(({ auditID }) => auditID));
  for (const { auditIds } of ran) expect(auditIds.filter((id) => seen.has(id))).toHaveLength(1);
});

it('has no request of ours at all, reads and dry runs included, that our log does not account for', () => {
  const accounted = new Set([...told.values()].flatMap(({ auditIds }) => auditIds));
  const strangers = requests.filter(({ auditID }) => !accounted.has(auditID));
  expect(strangers.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
  const logged = new Set(requests.map(({ auditID }) => auditID));
  expect([...accounted].filter((id) => !logged.has(id))).toEqual([]);
});

it('joins with it by the command that auditors use, both ways', async () => {
  const log = controlPlane().auditLogPath ?? '';
  // Other test files run servers of their own on this API server, which are strangers to this log; ours has no stranger.
  const { stdout } = await ran('audit', 'join', log, '--user', agent.username, '--json').catch((thrown) => thrown);
  const report: JoinReport = JSON.parse(stdout);
  expect(report).toMatchObject({ onlyOurs: [], different: [] });
  expect(report.onlyTheirs.filter(({ user }) => user === agent.username)).toEqual([]);
  expect(report.matched).toBe(requests.length);
});

it('never asks for a delete as a dry run, which with a body would be executed', () => {
  expect(requests.filter(({ verb, requestURI }) => verb === 'delete' && requestURI.includes('dryRun'))).toEqual([]);
});

it('verifies: links, order and story of our own log', async () => {
  expect((await ran('audit', 'verify')).stdout).not.toContain('FAIL');
});

/** Our own command, as an auditor runs it. @throws where it ends with anything but 0 */
function ran(...args: readonly string[]): Promise<{ readonly stdout: string }> {
  const program = join(import.meta.dirname, '../../dist/countersign.cjs');
  const env = {
    PATH: process.env.PATH,
    HOME: agent.state,
    COUNTERSIGN_STATE: agent.state,
    COUNTERSIGN_CONFIG: agent.configFile,
  };
  return promisify(execFile)(process.execPath, [program, ...args], { env });
}
