import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import { type ClusterAgent, startPod } from '../support/cluster-agent.ts';
import { loggedCanary, podLogLines } from '../support/control-plane/kwok-config.ts';
import { needs } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { Ledger } from './canaries.ts';
import { podWithAll, startCanaryAgent, valuesIn } from './canary-rig.ts';

/** Every pod of the test cluster logs one value in every encoding; here a Secret holds it. */
const ledger = new Ledger(loggedCanary);
const replicas = 3;
let agent: ClusterAgent;

beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  agent = await startCanaryAgent();
  await agent.kube.create(agent.path('secrets'), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'logged' },
    stringData: { phrase: loggedCanary },
  });
  ledger.values = await valuesIn(agent);
  await startPod(agent, podWithAll());
  const labels = { app: 'several' };
  const containers = [{ name: 'main', image: 'registry.example/main:1' }];
  await agent.kube.create(agent.path('deployments'), {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'several' },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  });
  await waitUntil('its pods run', async () => {
    const live = await agent.kube.get(agent.path('deployments', 'several'));
    return live?.status?.readyReplicas === replicas ? live : undefined;
  });
});

async function logs(input: JsonObject): Promise<JsonObject> {
  const { structured, text } = await agent.call('logs', input);
  expect(structured.status).toBe('ok');
  ledger.look(`logs ${JSON.stringify(input)}`, structured);
  ledger.text(`logs ${JSON.stringify(input)}`, text);
  return structured;
}

describe('no canary is shown', () => {
  it('by the log of one pod, however much of it is asked for', async () => {
    const { read, shown, log } = await logs({ name: 'web' });
    expect(read).toBe(podLogLines.length);
    // Lines of one value are one line.
    expect(Number(shown)).toBeGreaterThan(podLogLines.length - 5);
    expect(String(log).split('[masked Secret logged/phrase]').length).toBeGreaterThan(14);
    // Each cuts another block of lines in two.
    for (let tail = 1; tail < podLogLines.length; tail++) await logs({ name: 'web', tail });
    await logs({ name: 'web', timestamps: true });
  });

  it('by the logs of several pods, line by line among each other', async () => {
    expect((await logs({ name: 'deploy/several', tail: 500 })).read).toBe(replicas * podLogLines.length);
    await logs({ name: 'deploy/several', tail: 500, timestamps: true });
    for (const tail of [1, 5, 17]) await logs({ name: 'deploy/several', tail });
  });

  it('by looking for it', async () => {
    for (const grep of [loggedCanary, loggedCanary.slice(0, 8), Buffer.from(loggedCanary).toString('hex')])
      expect((await logs({ name: 'deploy/several', grep })).shown).toBe(0);
    expect(Number((await logs({ name: 'web', grep: 'Secret logged/phrase' })).shown)).toBeGreaterThan(8);
  });

  it('at all', ({ task }) => ledger.expectNothing('logs', task.file, 300));
});
