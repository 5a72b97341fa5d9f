import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import { type ClusterAgent, startClusterAgent } from '../support/cluster-agent.ts';
import { expectAlike, right, wrong } from '../support/guesses.ts';

/** What the API server itself quotes: an agent may read and try what it likes, and learns of no guess whether it is right. */
let agent: ClusterAgent;
const rules = [{ name: 'all-flows', description: 'Everything flows in this test.', match: {}, effect: 'allow' }];
const reason = 'to guess';

beforeAll(async () => {
  agent = await startClusterAgent({ rules });
  await agent.kube.create(agent.path('secrets'), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db' },
    stringData: { password: right, small: right.toLowerCase() },
  });
  await agent.kube.create(agent.path('configmaps'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'copied' },
    data: { note: right, color: 'red' },
  });
  await agent.kube.create(agent.path('deployments'), deployment(right, 'theirs'));
  const manifest = JSON.stringify(deployment(right, 'ours'));
  expect((await agent.call('apply', { manifest, reason: 'to own it' })).structured.status).toBe('executed');
  // What the mask looks for it knows by now, and it looks for it.
  const read = await agent.call('exec', { pod: 'none', command: ['true'], reason });
  expect(read.structured.status).toBe('not_found');
  await agent.call('get', { resource: 'secrets', name: 'db' });
});

const apply = (object: JsonObject) => ({
  manifest: JSON.stringify({ apiVersion: 'v1', ...object }),
  dryRun: true,
  reason,
});
const deployment = (greeting: string, name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'main:1', env: [{ name: 'GREETING', value: greeting }] }] },
    },
  },
});
const copied = (note: string) => ({ kind: 'ConfigMap', metadata: { name: 'copied' }, data: { note } });
const map = (metadata: JsonObject) => apply({ kind: 'ConfigMap', metadata: { name: 'guess', ...metadata } });

describe('a guess, right or wrong, reads alike', () => {
  it.each<readonly [string, string, (guess: string) => JsonObject, string]>([
    ['a selector', 'get', (guess) => ({ resource: 'configmaps', selector: `app in (${guess}!)` }), 'invalid'],
    ['a field', 'get', (guess) => ({ resource: 'configmaps', fieldSelector: `${guess}=x` }), 'invalid'],
    ['a label', 'apply', (guess) => map({ labels: { a: `${guess}!` } }), 'invalid'],
    ['a name of a label', 'apply', (guess) => map({ labels: { [`${guess}!`]: 'a' } }), 'invalid'],
    [
      'a value of a list',
      'apply',
      (guess) => apply({ kind: 'Service', metadata: { name: 'guess' }, spec: { type: guess, ports: [{ port: 80 }] } }),
      'invalid',
    ],
    [
      'a field that is none',
      'apply',
      (guess) => apply({ kind: 'ConfigMap', metadata: { name: 'g' }, [guess]: 'a' }),
      'invalid',
    ],
    ['a wrong type', 'apply', (guess) => apply({ kind: 'ConfigMap', metadata: { name: 'g' }, data: guess }), 'invalid'],
    ['a namespace', 'apply', (guess) => map({ namespace: guess.toLowerCase() }), 'not_found'],
  ])('%s', async (_, tool, input, status) => {
    const [ofRight, ofWrong] = [await agent.call(tool, input(right)), await agent.call(tool, input(wrong))];
    expect(ofRight.structured.status).toBe(status);
    expectAlike(ofRight, ofWrong);
    expect(ofRight.text).not.toContain('[masked Secret');
  });

  it.each<readonly [string, (guess: string) => JsonObject, string]>([
    ['a copy of somebody else', (guess) => apply(copied(guess)), 'conflict'],
    ['the same, taken over', (guess) => ({ ...apply(copied(guess)), forceConflicts: true }), 'dry_run'],
    ['a variable of somebody else', (guess) => apply(deployment(guess, 'theirs')), 'conflict'],
    ['the same, taken over', (guess) => ({ ...apply(deployment(guess, 'theirs')), forceConflicts: true }), 'dry_run'],
    ['a variable that we set', (guess) => apply(deployment(guess, 'ours')), 'dry_run'],
  ])('%s', async (_, input, status) => {
    const [ofRight, ofWrong] = [await agent.call('apply', input(right)), await agent.call('apply', input(wrong))];
    expect(ofRight.structured.status).toBe(status);
    expectAlike(ofRight, ofWrong);
    expect(ofRight.text.includes('[masked Secret db/password]')).toBe(status === 'dry_run');
    expect(ofWrong.text).not.toContain(right);
  });
});
