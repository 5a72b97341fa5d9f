import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAttached } from '../../src/audit/attached.ts';
import { parseFacts } from '../../src/domain/facts/recorded.ts';
import type { ObjectFacts } from '../../src/domain/facts/spec.ts';
import { type JsonObject, objectAt } from '../../src/domain/json.ts';
import { type ClusterAgent, startClusterAgent } from '../support/cluster-agent.ts';
import type { Kube } from '../support/control-plane/kube.ts';
import { testKube } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';

let agent: ClusterAgent;
let kube: Kube;
let namespace = '';

const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
/** A kind that nobody has heard of; whatever is made of it gets the node's network by default. */
const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'contraptions.facts.example' },
  spec: {
    group: 'facts.example',
    scope: 'Namespaced',
    names: { plural: 'contraptions', singular: 'contraption', kind: 'Contraption' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                ...open,
                properties: { pod: { ...open, properties: { hostNetwork: { type: 'boolean', default: true } } } },
              },
            },
          },
        },
      },
    ],
  },
};
const crdPath = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`;

beforeAll(async () => {
  kube = await testKube();
  await kube.apply(crdPath, crd, 'fixtures', true);
  const served = '/apis/facts.example/v1/contraptions';
  await waitUntil('the kind is served', async () => (await kube.send('GET', served)).status === 200);
  agent = await startClusterAgent();
  namespace = agent.namespace;
});
afterAll(async () => {
  await kube?.delete(crdPath);
  await kube?.close();
});

const plain = { name: 'web', image: 'registry.example/web:1' };
const privileged = { name: 'root', image: 'registry.example/root:1', securityContext: { privileged: true } };
const labels = { app: 'web' };
const template = (spec: JsonObject): JsonObject => ({ metadata: { labels }, spec });
const deployment = (spec: JsonObject): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  spec: { selector: { matchLabels: labels }, template: template(spec) },
});
const contraption = (spec: JsonObject): JsonObject => ({ apiVersion: 'facts.example/v1', kind: 'Contraption', spec });
const cron: JsonObject = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  spec: {
    schedule: '* * * * *',
    jobTemplate: { spec: { template: template({ restartPolicy: 'Never', containers: [privileged] }) } },
  },
};

let made = 0;
async function apply(body: JsonObject) {
  const manifest = JSON.stringify({
    ...body,
    metadata: { ...objectAt(body, 'metadata'), name: `facts-${++made}`, namespace },
  });
  return agent.call('apply', { manifest, reason: 'a test', dryRun: true });
}

/** What the last plan says of its object, as the audit log has it. */
async function planned(): Promise<ObjectFacts> {
  let facts: ObjectFacts | undefined;
  await waitUntil('the plan is in the log', async () => {
    const lines = await agent.audit();
    const line = lines.findLast(
      ({ type, objects }) => type === 'Planned' && String(objects).endsWith(`/facts-${made}`),
    );
    facts = line === undefined ? undefined : parseFacts(String(line.facts)).objects[0];
    return facts !== undefined;
  });
  if (facts === undefined) throw new Error('a plan has facts');
  return facts;
}

describe('a privileged container is caught, and nobody is asked', () => {
  it.each<[string, JsonObject]>([
    ['in a Deployment', deployment({ containers: [plain, privileged] })],
    ['in a CronJob', cron],
    ['in an init container', deployment({ containers: [plain], initContainers: [privileged] })],
    ['in a pod', { apiVersion: 'v1', kind: 'Pod', spec: { containers: [privileged] } }],
    [
      'in an unknown kind',
      contraption({ pools: [{ members: [{ template: template({ containers: [privileged] }) }] }] }),
    ],
    [
      'in an ephemeral container of an unknown kind',
      contraption({ pod: { containers: [plain], ephemeralContainers: [privileged] } }),
    ],
  ])('%s', async (_, body) => {
    const answer = await apply(body);
    expect(answer.text).toContain('Denied by policy');
    expect(answer.text).toContain('Privileged containers, and capabilities');
    expect(answer.structured.status).not.toBe('executed');
    expect((await planned()).privileged).toBe(true);
  });

  it('in an ephemeral container of a pod, which the API server itself does not take by apply', async () => {
    const answer = await apply({
      apiVersion: 'v1',
      kind: 'Pod',
      spec: { containers: [plain], ephemeralContainers: [{ ...privileged, name: 'e' }] },
    });
    expect(answer.text).toMatch(/ephemeral/i);
    expect(await kube.get(`/api/v1/namespaces/${namespace}/pods/facts-${made}`)).toBeUndefined();
  });
});

it('says of a plain Deployment what it is, the defaults of the API server included', async () => {
  const answer = await apply(deployment({ containers: [plain] }));
  expect(answer.text).not.toContain('Denied');
  expect(await planned()).toMatchObject({
    verb: 'create',
    resource: 'deployments.apps',
    environment: 'test',
    privileged: false,
    podTemplates: 1,
    replicas: { from: 0, to: 1, changed: true },
    runsAsRoot: 'unset',
    automountsToken: true,
    serviceAccounts: ['default'],
    mutableTags: ['registry.example/web:1'],
    effectUnknown: false,
    uninspectable: false,
  });
});

it('knows a Secret that becomes a token, though its values are hidden', async () => {
  const annotations = { 'kubernetes.io/service-account.name': 'default' };
  const answer = await apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { annotations },
    type: 'kubernetes.io/service-account-token',
  });
  expect(answer.text).toContain('Denied by policy');
  expect(await planned()).toMatchObject({ tokenCreation: true, touches: { secrets: true } });
});

it('counts what the API server adds', async () => {
  await apply(contraption({ pod: { containers: [plain] } }));
  expect(await planned()).toMatchObject({ hostNetwork: true, privileged: false });
});

it('keeps the facts of a large call beside the log, under the digest that its line names', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `many-${index}`);
  const documents = names.map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } }));
  const manifest = documents.map((each) => JSON.stringify(each)).join('\n---\n');
  await agent.call('apply', { manifest, reason: 'a test', dryRun: true });
  let digest: unknown;
  await waitUntil('the plan is in the log', async () => {
    const lines = await agent.audit();
    digest = lines.findLast(({ type, factsDigest }) => type === 'Planned' && factsDigest !== undefined)?.factsDigest;
    return digest !== undefined;
  });
  const facts = parseFacts((await readAttached(join(agent.state, 'audit'), String(digest))) ?? '');
  expect(facts.call).toEqual({ objectCount: 40, podsAffected: 0 });
  expect(facts.objects.map(({ name }) => name)).toEqual(names);
});
