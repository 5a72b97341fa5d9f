import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { clusterConfigSchema, type EksClusterConfig } from '../../src/cluster/config.ts';
import { eksEntrance } from '../../src/cluster/eks/entrance.ts';
import type { RequestContext } from '../../src/domain/cluster.ts';
import { FakeAws, region, roleArn, tagsOf } from '../support/aws/server.ts';

let aws: FakeAws;
beforeAll(async () => {
  aws = new FakeAws();
  await aws.start();
  aws.roles.set(roleArn('cs-plan'), () => true).set(roleArn('cs-read'), () => true);
  for (const [name, value] of Object.entries(aws.environment())) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await aws.stop();
});

function configured(): EksClusterConfig {
  const parsed = clusterConfigSchema.parse({
    eks: { cluster: 'shop', region, endpoints: { sts: aws.url, eks: aws.url } },
    tiers: { plan: { roleArn: roleArn('cs-plan') }, read: { roleArn: roleArn('cs-read') } },
  });
  if (!('eks' in parsed)) throw new Error('not EKS');
  return parsed;
}

const from = (issuer: string, subject = 'deploy-bot'): RequestContext => ({
  ...{ invocation: 'i', agent: 'deploy-bot', issuer, subject },
  ...{ nextAuditId: async () => 'a', signal: new AbortController().signal },
});

/** Whoever may name the workloads of one issuer could name one as another issuer does, and go on in its AWS session. */
it('the same agent name of two issuers, or of two subjects, gets two role sessions that AWS can tell apart', async () => {
  const sessions = eksEntrance(configured(), { now: () => Date.now() }).credentials('read');
  const ours = await sessions?.authorization(from('https://ours.example'));
  const theirs = await sessions?.authorization(from('https://theirs.example'));
  const other = await sessions?.authorization(from('https://ours.example', 'somebody'));
  expect(new Set([ours, theirs, other]).size).toBe(3);

  const assumed = aws.calls.filter(({ action }) => action === 'AssumeRole');
  expect(new Set(assumed.map(({ parameters }) => parameters.RoleSessionName)).size).toBe(3);
  expect(assumed.map((call) => tagsOf(call)['countersign:issuer'])).toEqual([
    'https://ours.example',
    'https://theirs.example',
    'https://ours.example',
  ]);

  // What came back for one is forgotten for that one alone.
  sessions?.rejected(from('https://theirs.example'));
  expect(await sessions?.authorization(from('https://ours.example'))).toBe(ours);
});
