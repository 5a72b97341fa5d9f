/** A tier that has no role is something that nobody can do: the call is refused before anybody is asked, and says what to configure. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import { type AgentRig, startAgent } from '../support/agent.ts';
import { account, FakeAws, region, roleArn } from '../support/aws/server.ts';
import { changesIn, startTlsSandbox, type TlsSandbox } from '../support/tls-sandbox.ts';

let folder: string;
let aws: FakeAws;
let cluster: TlsSandbox;
let agent: AgentRig | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-no-role-'));
  cluster = await startTlsSandbox();
  aws = new FakeAws();
  await aws.start();
  const arn = `arn:aws:eks:${region}:${account}:cluster/shop`;
  aws.clusters.set('shop', { arn, endpoint: cluster.url, ca: cluster.caCert });
  // AWS would give every role: it is the configuration that does not name them.
  for (const tier of ['plan', 'read', 'write', 'exec', 'secretReader']) aws.roles.set(roleArn(tier), () => true);
});
afterEach(async () => {
  await agent?.close();
  agent = undefined;
  await aws.stop();
  await cluster.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

/** The server with a role for these tiers alone; an earlier one has ended before. */
async function start(...tiers: readonly string[]): Promise<AgentRig> {
  await agent?.leave();
  const eks = { cluster: 'shop', region, endpoints: { sts: aws.url, eks: aws.url } };
  const roles = Object.fromEntries(tiers.map((tier) => [tier, { roleArn: roleArn(tier) }]));
  const config = { clusters: { shop: { eks, namespace: 'shop', tiers: roles } } };
  agent = await startAgent({ config, env: aws.environment(), state: join(folder, 'state') });
  return agent;
}
const assumed = () =>
  aws.calls.flatMap(({ action, parameters }) => (action === 'AssumeRole' ? [parameters.RoleArn] : []));
const reason = 'to see it';
const scale = { resource: 'deploy', name: 'web', replicas: 7, reason };

it('refuses changes and programs by name of the tier, asks nobody, and never asks AWS for another role', async () => {
  const rig = await start('plan', 'read', 'secretReader');
  const pods = await rig.call('get', { resource: 'pods', output: 'name' });
  expect(pods.structured.status, pods.text).toBe('ok');
  const pod = /web-[a-z0-9-]+/.exec(pods.text)?.[0] ?? '';
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n';
  const refused: readonly [string, JsonObject, string][] = [
    ['scale', scale, 'write'],
    ['scale', { ...scale, dryRun: true }, 'write'],
    ['apply', { manifest, reason }, 'write'],
    ['delete', { resource: 'pods', name: pod, reason }, 'write'],
    ['exec', { pod, command: ['id'], reason }, 'exec'],
  ];
  for (const [tool, input, tier] of refused) {
    const answer = await rig.call(tool, input);
    expect(answer.structured.status, `${tool}: ${answer.text}`).toBe('forbidden');
    expect(answer.text).toContain(`no role for this in cluster shop: ${tier}`);
    expect(answer.structured.next).toContain(`clusters.shop.tiers.${tier}.roleArn`);
  }
  expect(await rig.open()).toEqual([]);
  expect(changesIn(cluster)).toEqual([]);
  const used = new Set(assumed());
  expect(used).toContain(roleArn('read'));
  expect(used).not.toContain(roleArn('write'));
  expect(used).not.toContain(roleArn('exec'));
}, 120_000);

it('runs nothing that was approved while the tier had one', async () => {
  const before = await start('plan', 'read', 'write', 'secretReader');
  const answer = before.call('scale', scale).catch(() => undefined);
  const { id } = await before.held();
  await before.leave();
  await answer;
  const after = await start('plan', 'read', 'secretReader');
  await after.vote(id, 'ana@example.com', 'approve');
  const gone = await after.call('approval', { id });
  expect(gone.structured.status, gone.text).toBe('forbidden');
  expect(gone.structured.next).toContain('clusters.shop.tiers.write.roleArn');
  expect(changesIn(cluster)).toEqual([]);
  expect(assumed()).not.toContain(roleArn('write'));
  // It was not spent: with the role it goes on.
  const again = await start('plan', 'read', 'write', 'secretReader');
  const done = await again.call('approval', { id });
  expect(done.structured.status, done.text).toBe('executed');
  expect(assumed().filter((role) => role === roleArn('write'))).toHaveLength(1);
}, 120_000);
