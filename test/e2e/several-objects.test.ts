import { beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type ClusterAgent, startClusterAgent, uniqueName } from '../support/cluster-agent.ts';
import type { KubeObject } from '../support/control-plane/kube.ts';
import { gadgetDefinition, manifest } from '../support/manifests.ts';

const reason = 'they belong together';
const both = ['ana@example.com', 'bo@example.com'] as const;
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
let agent: ClusterAgent;
beforeAll(async () => {
  agent = await startClusterAgent();
});

const documents = (...objects: KubeObject[]): string => objects.map((object) => stringify(object)).join('---\n');
const changes = (structured: { changes?: unknown }) =>
  structured.changes as { object: string; action: string; result: string }[];

/** A namespace, a definition, an object of it and a Deployment in the namespace: none of them there yet. */
function together() {
  const name = uniqueName('together');
  const group = `${name}.countersign.dev`;
  return {
    name,
    group,
    namespace: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    definition: gadgetDefinition(group),
    gadget: { ...manifest('widget', name), apiVersion: `${group}/v1`, kind: 'Gadget' },
    deployment: manifest('deployment', name),
    settings: manifest('configmap', name),
  };
}

it('runs a namespace, a definition, an object of it and a Deployment in the order in which they need each other', async () => {
  const { name, group, namespace, definition, gadget, deployment } = together();
  const given = documents(deployment, gadget, definition, namespace);
  const plan = await agent.call('apply', { manifest: given, dryRun: true, reason });
  expect(plan.structured.status, plan.text).toBe('dry_run');
  expect(plan.text).toContain('effect unknown: its namespace is made by the same call');
  const { approval, answer } = await agent.hold('apply', { manifest: given, reason });
  expect(approval.need).toBe(2);
  expect(approval.card.risks.map(String).join()).toBeDefined();
  for (const person of both) await agent.vote(approval.id, person, 'approve');
  const done = await answer;
  expect(done.structured.status, done.text).toBe('executed');
  expect(done.text).toContain('Applied 4 of 4');
  const order = changes(done.structured).map(({ object }) => object);
  expect(order.slice(0, 2)).toEqual([`Namespace/${name}`, `CustomResourceDefinition/gadgets.${group}`]);
  expect(changes(done.structured).map(({ result }) => result)).toEqual(['created', 'created', 'created', 'created']);
  expect(await agent.kube.get(`/apis/apps/v1/namespaces/${name}/deployments/web`)).toBeDefined();
  expect(await agent.kube.get(`/apis/${group}/v1/namespaces/${name}/gadgets/gear`)).toBeDefined();
  await agent.kube.delete(`${definitions}/gadgets.${group}`);
  await agent.kube.delete(`/api/v1/namespaces/${name}`);
});

it('stops where one fails, and says of each: done, failed, not attempted', async () => {
  const { name, namespace, settings, deployment } = together();
  // It cannot be tried out before its namespace is there, so that it is wrong shows only when it is sent.
  const broken = { ...settings, metadata: { ...settings.metadata, name: 'broken' }, nonsense: 1 };
  const given = documents(namespace, settings, broken, deployment);
  const answer = await agent.approved('apply', { manifest: given, reason }, both);
  expect(answer.structured.status, answer.text).toBe('partial');
  expect(answer.isError).toBe(true);
  expect(changes(answer.structured).map(({ object, result }) => [object, result])).toEqual([
    [`Namespace/${name}`, 'created'],
    [`ConfigMap/${name}/settings`, 'created'],
    [`ConfigMap/${name}/broken`, 'failed'],
    [`Deployment/${name}/web`, 'not attempted'],
  ]);
  expect(answer.text).toContain('Applied 2 of 4');
  expect(answer.text).toContain(`ConfigMap ${name}/broken failed`);
  expect(answer.text).toContain(`Deployment ${name}/web not attempted`);
  expect(answer.text).toContain('nonsense');
  expect(answer.text).toContain('Next: ');
  expect(await agent.kube.get(`/api/v1/namespaces/${name}/configmaps/settings`)).toBeDefined();
  expect(await agent.kube.get(`/apis/apps/v1/namespaces/${name}/deployments/web`)).toBeUndefined();
  await agent.kube.delete(`/api/v1/namespaces/${name}`);
});

it('asks nobody and changes nothing when one of them can be seen to be wrong', async () => {
  const good = manifest('configmap', agent.namespace);
  const broken = { ...manifest('service', agent.namespace), nonsense: 1 };
  const answer = await agent.call('apply', { manifest: documents(good, broken), reason });
  expect(answer.structured.status, answer.text).toBe('invalid');
  expect(answer.text).toContain('nonsense');
  expect(await agent.kube.get(agent.path('configmaps', 'settings'))).toBeUndefined();
});

it('refuses one object twice in a call', async () => {
  const one = manifest('configmap', agent.namespace);
  const answer = await agent.call('apply', { manifest: documents(one, { ...one, data: { mode: 'other' } }), reason });
  expect(answer.structured.status, answer.text).toBe('invalid');
  expect(answer.text).toContain('settings');
});
