/** What a name means is kept from its first use on: over restarts, and when another cluster or another CA answers there. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { caDigest } from '../../src/cluster/identity.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { type AgentRig, startAgent } from '../support/agent.ts';
import { kubeconfig } from '../support/control-plane/kubeconfig.ts';
import { changesIn, newAuthority, startTlsSandbox, type TlsSandbox } from '../support/tls-sandbox.ts';

let folder: string;
let state: string;
let cluster: TlsSandbox;
let agent: AgentRig | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-another-'));
  state = join(folder, 'state');
  cluster = await startTlsSandbox();
});
afterEach(async () => {
  await agent?.close();
  agent = undefined;
  await cluster.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

/** The server with the kubeconfig as the operator has it now; an earlier one has ended before. */
async function start(): Promise<AgentRig> {
  await agent?.leave();
  const path = join(folder, 'kubeconfig');
  await writeFile(path, kubeconfig(cluster.url, cluster.caCert, 'countersign', { token: 'any' }), { mode: 0o600 });
  agent = await startAgent({ state, cluster: { kubeconfig: path, context: 'countersign-test', namespace: 'shop' } });
  return agent;
}
const scale = { resource: 'deploy', name: 'web', replicas: 7, reason: 'A sale.' };
const pin = () => join(state, 'clusters', 'test.json');

it('another cluster of the same name is refused after a restart, to reads and to changes', async () => {
  const first = await start();
  expect((await first.call('get', { resource: 'pods' })).structured.status).toBe('ok');
  await first.leave();
  expect(await readdir(join(state, 'clusters'))).toEqual(['test.json']);

  // The same address and the same CA: only the uid of kube-system tells them apart.
  await cluster.becomes({ sandbox: await startSandbox() });
  const second = await start();
  for (const [tool, input] of [
    ['get', { resource: 'pods' }],
    ['scale', scale],
  ] as const) {
    const answer = await second.call(tool, input);
    expect(answer.structured.status, answer.text).toBe('unavailable');
    expect(answer.text).toMatch(/What answers as cluster test is another cluster: its uid is [\w-]+, not [\w-]+/);
    expect(answer.text).toContain('see "Another cluster of the same name" in docs/eks.md');
  }
  expect(await second.open()).toEqual([]);
  expect(changesIn(cluster)).toEqual([]);

  // As docs/eks.md says: replaced on purpose.
  await rm(pin());
  const third = await start();
  expect((await third.call('get', { resource: 'pods' })).structured.status).toBe('ok');
}, 120_000);

it('an approval of the one never runs on the other, though its server was restarted in between', async () => {
  const first = await start();
  const answer = first.call('scale', scale).catch(() => undefined);
  const { id } = await first.held();
  await first.leave();
  await answer;
  await cluster.becomes({ sandbox: await startSandbox() });
  const second = await start();
  await second.vote(id, 'ana@example.com', 'approve');
  const gone = await second.call('approval', { id });
  expect(gone.structured.status, gone.text).toBe('unavailable');
  expect(gone.text).toContain('is another cluster');
  // Nor when the operator has taken the other one in: then it is another plan.
  await rm(pin());
  const third = await start();
  const drifted = await third.call('approval', { id });
  expect(drifted.structured.status, drifted.text).toBe('drifted');
  expect(changesIn(cluster)).toEqual([]);
}, 120_000);

it('a CA that changes while the server runs: nothing is sent, and it says why', async () => {
  const running = await start();
  const answer = running.call('scale', scale);
  const { id } = await running.held();
  const known = caDigest(cluster.caCert);
  await cluster.becomes({ certificates: await newAuthority() });
  const before = cluster.asked.length;

  const read = await running.call('get', { resource: 'pods' });
  expect(read.structured.status, read.text).toBe('unavailable');
  expect(read.text).toContain('the server certificate is not signed by the configured CA');
  expect(read.text).toContain('countersign doctor');
  await running.vote(id, 'ana@example.com', 'approve');
  const held = await answer;
  expect(held.structured.status, held.text).toBe('unavailable');
  expect(held.text).toContain('the server certificate is not signed by the configured CA');
  expect(cluster.asked.length).toBe(before);

  // The operator puts the new CA into the kubeconfig: it is still not the cluster that the name meant.
  const again = await start();
  const refused = await again.call('get', { resource: 'pods' });
  expect(refused.structured.status, refused.text).toBe('unavailable');
  expect(refused.text).toContain(`its CA is ${caDigest(cluster.caCert)}, not ${known}`);
  expect(changesIn(cluster)).toEqual([]);
}, 120_000);
