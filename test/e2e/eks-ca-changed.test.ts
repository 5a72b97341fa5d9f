/** The CA of an EKS cluster changes under its name: what the server says until EKS and the operator both name the new one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { caDigest } from '../../src/cluster/identity.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { type AgentRig, startAgent } from '../support/agent.ts';
import { account, FakeAws, region, roleArn } from '../support/aws/server.ts';
import { changesIn, newAuthority, startTlsSandbox, type TlsSandbox } from '../support/tls-sandbox.ts';

const tiers = ['plan', 'read', 'write', 'exec', 'secretReader'] as const;
const arn = `arn:aws:eks:${region}:${account}:cluster/shop`;
const pods = { resource: 'pods' };
const scale = { resource: 'deploy', name: 'web', replicas: 7, reason: 'A sale.' };
let folder: string;
let aws: FakeAws;
let cluster: TlsSandbox;
let agent: AgentRig | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-eks-ca-'));
  aws = new FakeAws();
  await aws.start();
  for (const tier of tiers) aws.roles.set(roleArn(`cs-${tier}`), () => true);
  cluster = await startTlsSandbox();
  named();
});
afterAll(async () => {
  await agent?.close();
  await cluster.close();
  await aws.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

/** What DescribeCluster says from now on. */
const named = (): unknown => aws.clusters.set('shop', { arn, endpoint: cluster.url, ca: cluster.caCert });
const described = (): number => aws.calls.filter(({ action }) => action === 'DescribeCluster').length;

async function start(): Promise<AgentRig> {
  await agent?.leave();
  const shop: JsonObject = {
    eks: { cluster: 'shop', region, endpoints: { sts: aws.url, eks: aws.url } },
    namespace: 'shop',
    tiers: Object.fromEntries(tiers.map((tier) => [tier, { roleArn: roleArn(`cs-${tier}`) }])),
  };
  agent = await startAgent({
    state: join(folder, 'state'),
    config: { clusters: { shop } },
    env: aws.environment(),
  });
  return agent;
}

it('is refused until DescribeCluster names it and the operator has taken it in, and nothing is sent meanwhile', async () => {
  const running = await start();
  expect((await running.call('get', pods)).structured.status).toBe('ok');
  const held = running.call('scale', scale);
  const { id } = await running.held();
  const before = caDigest(cluster.caCert);

  await cluster.becomes({ certificates: await newAuthority() });
  const asked = cluster.asked.length;
  const read = await running.call('get', pods);
  expect(read.structured.status, read.text).toBe('unavailable');
  expect(read.text).toContain('the server certificate is not signed by the configured CA');
  await running.vote(id, 'ana@example.com', 'approve');
  expect((await held).structured.status).toBe('unavailable');

  // EKS still names the old one: so does a server that is started now, which asks it.
  const lookups = described();
  const stale = await (await start()).call('get', pods);
  expect(stale.text).toContain('the server certificate is not signed by the configured CA');
  expect(described()).toBeGreaterThan(lookups);
  expect(cluster.asked.length).toBe(asked);

  // EKS names the new one: it is reached, and is not what the name meant.
  named();
  const refused = await (await start()).call('get', pods);
  expect(refused.structured.status, refused.text).toBe('unavailable');
  expect(refused.text).toContain(`its CA is ${caDigest(cluster.caCert)}, not ${before}`);
  expect(refused.text).toContain('docs/eks.md');

  // As docs/eks.md says: replaced on purpose.
  await rm(join(folder, 'state', 'clusters', 'shop.json'));
  const taken = await start();
  expect((await taken.call('get', pods)).structured.status).toBe('ok');
  const drifted = await taken.call('approval', { id });
  expect(drifted.structured.status, drifted.text).toBe('drifted');
  expect(changesIn(cluster)).toEqual([]);
}, 120_000);
