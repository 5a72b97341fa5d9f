import { beforeAll, expect, it } from 'vitest';
import { type ClusterAgent, startClusterAgent, startPod } from '../support/cluster-agent.ts';
import { readAudit } from '../support/control-plane/kube.ts';
import { controlPlane, needs } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';

const before = 'before-the-rotation-8fz';
const after = 'after-the-rotation-2kq';

let agent: ClusterAgent;
beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  agent = await startClusterAgent();
  const { kube } = agent;
  await kube.create(agent.path('secrets'), secret(before));
  await kube.create(agent.path('configmaps'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'copied' },
    data: { note: `somebody copied ${before} here`, later: `and ${after} there` },
  });
  await startPod(agent, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'main', image: 'registry.example/main:1' }] },
  });
});

const secret = (value: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db' },
  stringData: { password: value },
});

/** What the API server was asked for by this Countersign, in order. */
async function asked(): Promise<readonly string[]> {
  const path = controlPlane().auditLogPath;
  if (path === undefined) throw new Error('this test needs a control plane of its own');
  const lines = (await readAudit(path)).filter(({ user }) => user.username === agent.username);
  // A stream has a line at its beginning too.
  const once = new Map(lines.map((line) => [line.auditID, line]));
  return [...once.values()].map(({ verb, objectRef }) =>
    [verb, objectRef?.resource, objectRef?.subresource].filter((each) => each !== undefined).join(' '),
  );
}

it('a value that somebody copied is not shown, and the usual call costs no request for that', async () => {
  const first = await agent.call('get', { resource: 'configmaps', name: 'copied' });
  expect(first.structured.status).toBe('ok');
  expect(JSON.stringify(first)).not.toContain(before);
  expect(first.text).toContain('somebody copied [masked Secret db/password] here');
  expect(first.structured).not.toHaveProperty('masking');
  await waitUntil('its watch is open', async () => (await agent.audit()).some(({ verb }) => verb === 'watch'));
  const since = (await asked()).length;
  for (let call = 0; call < 5; call++) {
    await agent.call('get', { resource: 'configmaps', name: 'copied' });
    await agent.call('logs', { name: 'web' });
  }
  const requests = await waitUntil('the log has them', async () => {
    const found = (await asked()).slice(since);
    return found.filter((each) => each === 'get pods log').length === 5 ? found : undefined;
  });
  expect(requests.filter((each) => each.includes('secrets'))).toEqual([]);
  expect(requests).toHaveLength(5 + 2 * 5);
});

it('a rotation is seen without being asked for, and what was before stays hidden', async () => {
  expect(JSON.stringify(await agent.call('get', { resource: 'configmaps', name: 'copied' }))).toContain(after);
  await agent.kube.apply(agent.path('secrets', 'db'), secret(after), 'rotator', true);
  const answer = await waitUntil('the watch told of it', async () => {
    const now = await agent.call('get', { resource: 'configmaps', name: 'copied' });
    return JSON.stringify(now).includes(after) ? undefined : now;
  });
  expect(JSON.stringify(answer)).not.toContain(before);
});

it('the reads of the masker are in the log, as invocations of their own and without a value', async () => {
  const lines = await agent.audit();
  const reads = lines.filter(({ type }) => type === 'SecretsRead');
  expect(reads.map(({ verb }) => verb)).toEqual(expect.arrayContaining(['list', 'watch']));
  for (const line of reads) expect(line).toMatchObject({ objects: [`Secret/${agent.namespace}`], cluster: 'test' });
  expect(JSON.stringify(lines)).not.toContain(before);
});
