import { beforeAll, describe, expect, it } from 'vitest';
import { type ClusterAgent, startClusterAgent, startPod } from '../support/cluster-agent.ts';
import { podLogLines } from '../support/control-plane/kwok-config.ts';
import { needs } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { manifest } from '../support/manifests.ts';

/** Every pod of the test cluster writes the same lines; one of them has this word. */
const value = 'secret-looking word: hunter2';

let agent: ClusterAgent;
beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  agent = await startClusterAgent();
  const { kube, namespace } = agent;
  await kube.create(agent.path('secrets'), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'known' },
    stringData: { phrase: value },
  });
  await startPod(agent, podNamed('with-secret', { secretKeyRef: { name: 'known', key: 'phrase' } }));
  await kube.create(agent.path('secrets'), manifest('secret', namespace));
  await kube.create(agent.path('deployments'), manifest('deployment', namespace));
});

const podNamed = (name: string, valueFrom: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    initContainers: [{ name: 'prepare', image: 'registry.example/prepare:1' }],
    containers: [
      { name: 'main', image: 'registry.example/main:1', env: [{ name: 'PHRASE', valueFrom }] },
      { name: 'proxy', image: 'registry.example/proxy:1' },
    ],
  },
});

describe('logs, on a real API server', () => {
  it('come masked: what a Secret of the pod holds is not shown and not found', async () => {
    const answer = await agent.call('logs', { name: 'with-secret', container: 'main' });
    expect(answer.structured).toMatchObject({ status: 'ok', cluster: 'test', shown: podLogLines.length });
    expect(answer.text).toContain(podLogLines[0]);
    expect(answer.text).toContain('[masked Secret known/phrase]');
    expect(JSON.stringify(answer)).not.toContain('hunter2');
    const guessed = await agent.call('logs', { name: 'with-secret', container: 'main', grep: 'hunter2' });
    expect(guessed.structured.shown).toBe(0);
  });

  it('ask which container, and take one that has ended', async () => {
    const several = await agent.call('logs', { name: 'with-secret' });
    expect(several.structured.status).toBe('invalid');
    expect(several.text).toContain('main, proxy, prepare');
    const init = await agent.call('logs', { name: 'with-secret', container: 'prepare' });
    expect(init.structured.container).toBe('prepare');
  });

  it('are those of all pods of a Deployment', async () => {
    const deployment = manifest('deployment');
    const running = await waitUntil('its pods run', async () => {
      const list = await agent.kube.get(agent.path('deployments', deployment.metadata.name));
      return list?.status?.readyReplicas === list?.spec?.replicas ? list : undefined;
    });
    const replicas = Number(running.spec.replicas);
    const answer = await agent.call('logs', { name: `deploy/${deployment.metadata.name}`, tail: 2, timestamps: true });
    expect(answer.structured).toMatchObject({ status: 'ok', shown: 2 * replicas });
    expect(answer.text).toMatch(/\[\S+\] \d{4}-\S+Z a last line/);
  });

  it('are in the log of what was read, and change nothing', async () => {
    const lines = await agent.audit();
    const own = lines.filter(({ tool, type }) => tool === 'logs' && type === 'Executed');
    expect(own.length).toBeGreaterThan(0);
    expect(own[0]).toMatchObject({ objects: [`Pod/${agent.namespace}/with-secret`], status: 'ok' });
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });
});
