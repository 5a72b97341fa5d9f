import { expect } from 'vitest';
import { isJsonObject, type JsonObject, listAt } from '../../src/domain/json.ts';
import type { KnownValue } from '../../src/domain/masker.ts';
import { valuesOf } from '../../src/masking/secret-values.ts';
import { type ClusterAgent, type ClusterAgentOptions, startClusterAgent } from '../support/cluster-agent.ts';
import { canaries, held } from './canaries.ts';
import { encodings, helmRelease } from './encodings.ts';

export const reason = 'to see that nothing leaks';

/** Programs run without asking, so that every encoding is one call; a changed ConfigMap waits, so that there is a card. */
const rules = [
  { name: 'all-flows', description: 'Everything flows in this test.', match: {}, effect: 'allow' },
  {
    name: 'maps-wait',
    description: 'A changed ConfigMap waits for somebody.',
    match: { verbs: ['patch'], resources: ['configmaps'] },
    effect: 'review',
  },
];

/** An agent in a namespace whose Secrets hold the canaries, with copies of them where people leave such. Call it in beforeAll. */
export async function startCanaryAgent(options: ClusterAgentOptions = {}): Promise<ClusterAgent> {
  const agent = await startClusterAgent({ rules, ...options });
  const create = (resource: string, object: JsonObject) => agent.kube.create(agent.path(resource), object);
  const secret = (name: string, type: string, stringData: Record<string, string>, annotations = {}) =>
    create('secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name, annotations }, type, stringData });
  const copy = JSON.stringify({ kind: 'Secret', metadata: { name: 'db' }, stringData: { password: canaries.data } });
  await secret(
    'db',
    'Opaque',
    { password: canaries.data },
    { 'kubectl.kubernetes.io/last-applied-configuration': copy },
  );
  await secret('login', 'kubernetes.io/basic-auth', { username: 'robot', password: canaries.basic });
  const auths = { 'registry.example': { auth: Buffer.from(`robot:${canaries.registry}`).toString('base64') } };
  await secret('pull', 'kubernetes.io/dockerconfigjson', { '.dockerconfigjson': JSON.stringify({ auths }) });
  const release = { name: 'web', info: { notes: canaries.helm }, config: { auth: { password: canaries.helm } } };
  await create('secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'sh.helm.release.v1.web.v1' },
    type: 'helm.sh/release.v1',
    data: { release: helmRelease(release) },
  });
  await create('configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'copies' },
    data: Object.fromEntries(copies()),
  });
  return agent;
}

/** What Secrets hold, copied by somebody, in every encoding. */
export const copies = (): readonly (readonly [name: string, text: string])[] =>
  Object.values(encodings).flatMap((encode, index) =>
    held.map((value, each) => [`copy-${index}-${each}`, `it is ${encode(value)} here`] as const),
  );

/** The same in places that are none for secrets by their names. */
export const podWithCopies = () => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'copies', annotations: Object.fromEntries(copies()) },
  spec: {
    containers: [
      {
        name: 'main',
        image: 'registry.example/main:1',
        command: ['run', ...copies().map(([, text]) => text)],
        args: copies().map(([name, text]) => `${name}=${text}`),
        env: copies().map(([name, value]) => ({ name, value })),
        readinessProbe: { exec: { command: ['echo', ...copies().map(([, text]) => text)] } },
      },
    ],
  },
});

/** What the server looks for. */
export async function valuesIn({ kube, path }: ClusterAgent): Promise<readonly KnownValue[]> {
  const list = await kube.get(path('secrets'));
  const values = listAt(list, 'items').flatMap((each) => (isJsonObject(each) ? valuesOf(each) : []));
  expect(values.length).toBeGreaterThan(4);
  return values;
}

export const podWithAll = () => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    annotations: { 'example.com/api-token': canaries.annotation, note: `see ${canaries.data}` },
  },
  spec: {
    containers: [
      {
        name: 'main',
        image: 'registry.example/main:1',
        args: [`--password=${canaries.argument}`, '--listen', ':80'],
        env: [
          { name: 'DB_PASSWORD', value: canaries.inline },
          { name: 'FROM', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
        ],
        livenessProbe: {
          httpGet: {
            path: '/',
            port: 80,
            httpHeaders: [{ name: 'Authorization', value: `Bearer ${canaries.header}` }],
          },
        },
      },
    ],
  },
});

/** The ConfigMap with the copies, as an agent would change it. */
export const changedCopies = (data: JsonObject): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'copies' }, data });
