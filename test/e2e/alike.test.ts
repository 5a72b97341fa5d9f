import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { JsonObject } from '../../src/domain/json.ts';
import { withoutIds } from '../support/alike.ts';
import { requestsOf } from '../support/audit-join.ts';
import {
  type ClusterAgent,
  establishFixtureKinds,
  startClusterAgent,
  startPod,
  uniqueName,
} from '../support/cluster-agent.ts';
import { controlPlane, needs } from '../support/control-plane/namespace.ts';
import { manifest } from '../support/manifests.ts';

const reason = 'to see whether it is there';

/** May change anything with a countersignature, and get only what is in its own namespaces and no Secret. */
const rules: JsonObject[] = [
  {
    name: 'reads-here',
    description: 'Objects of the test namespaces may be read, except for Secrets.',
    match: {
      verbs: ['get', 'list'],
      resources: ['configmaps', 'pods', 'deployments.apps', 'fleets.fixtures.countersign.dev'],
      namespaces: ['test-*'],
    },
    effect: 'allow',
  },
  {
    name: 'changes-wait',
    description: 'Every change needs the countersignature of a person.',
    match: { verbs: ['create', 'patch', 'delete'] },
    effect: 'review',
    require: { people: 1 },
  },
];

let agent: ClusterAgent;
let elsewhere: string;

beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  agent = await startClusterAgent({ rules });
  const { kube, namespace } = agent;
  await establishFixtureKinds(kube, namespace);
  elsewhere = uniqueName('elsewhere');
  await kube.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: elsewhere } });
  await kube.create(agent.path('secrets'), { ...manifest('secret'), metadata: { name: 'there' } });
  const inElsewhere = (path: string): string => path.replace(namespace, elsewhere);
  await kube.create(inElsewhere(agent.path('configmaps')), { ...manifest('configmap'), metadata: { name: 'there' } });
  await kube.create(inElsewhere(agent.path('deployments')), { ...manifest('deployment'), metadata: { name: 'there' } });
  await kube.create(inElsewhere(agent.path('fleets')), { ...manifest('fleet'), metadata: { name: 'there' } });
  await startPod(
    { ...agent, path: (...args) => inElsewhere(agent.path(...args)) },
    {
      ...manifest('pod'),
      metadata: { name: 'there' },
    },
  );
});

const secretOf = (name: string) => stringify({ ...manifest('secret'), metadata: { name } });
const settingsOf = (name: string, namespace: string) =>
  stringify({ ...manifest('configmap'), metadata: { name, namespace } });

type Ask = readonly [what: string, tool: string, input: (name: string) => JsonObject];
const asks: readonly Ask[] = [
  ['get of a Secret', 'get', (name) => ({ resource: 'secrets', name })],
  ['describe of a Secret', 'get', (name) => ({ resource: 'secrets', name, output: 'describe' })],
  ['apply of a Secret', 'apply', (name) => ({ manifest: secretOf(name), reason })],
  ['a dry run of a Secret', 'apply', (name) => ({ manifest: secretOf(name), reason, dryRun: true })],
  [
    'a forced dry run of a Secret',
    'apply',
    (name) => ({ manifest: secretOf(name), reason, dryRun: true, forceConflicts: true }),
  ],
  ['a broken Secret', 'apply', (name) => ({ manifest: `${secretOf(name)}nonsense: 1\n`, reason })],
  ['delete of a Secret', 'delete', (name) => ({ resource: 'secrets', name, reason })],
  ['get elsewhere', 'get', (name) => ({ resource: 'configmaps', name, namespace: elsewhere })],
  ['a table elsewhere', 'get', (name) => ({ resource: 'configmaps', name, namespace: elsewhere, output: 'table' })],
  ['apply elsewhere', 'apply', (name) => ({ manifest: settingsOf(name, elsewhere), reason })],
  ['delete elsewhere', 'delete', (name) => ({ resource: 'configmaps', name, namespace: elsewhere, reason })],
  [
    'scale elsewhere',
    'scale',
    (name) => ({ resource: 'deployments', name, namespace: elsewhere, replicas: 3, reason }),
  ],
  [
    'a guarded scale elsewhere',
    'scale',
    (name) => ({ resource: 'deployments', name, namespace: elsewhere, replicas: 3, currentReplicas: 7, reason }),
  ],
  [
    'scale of a CRD elsewhere',
    'scale',
    (name) => ({ resource: 'fleets', name, namespace: elsewhere, replicas: 3, reason }),
  ],
  ['exec elsewhere', 'exec', (name) => ({ pod: name, namespace: elsewhere, command: ['true'], reason })],
  [
    'exec in a container elsewhere',
    'exec',
    (name) => ({ pod: name, container: 'none', namespace: elsewhere, command: ['true'], reason }),
  ],
];

describe('an object that the caller may not get answers as one that is not there', () => {
  it.each(asks)('%s', async (_, tool, input) => {
    const there = await agent.call(tool, input('there'));
    const missing = await agent.call(tool, input('missing'));
    expect(there.structured.status, there.text).toBe('denied');
    expect(withoutIds(there, '/there', '"there', ' there ')).toBe(
      withoutIds(missing, '/missing', '"missing', ' missing '),
    );
  });

  it('also a namespace that is there and one that is not', async () => {
    const ask = (namespace: string) => agent.call('get', { resource: 'configmaps', namespace });
    const missing = uniqueName('missing');
    const [there, nowhere] = [await ask(elsewhere), await ask(missing)];
    expect(there.structured.status).toBe('denied');
    expect(withoutIds(there, elsewhere)).toBe(withoutIds(nowhere, missing));
  });

  it('also a selector that names something and one that does not', async () => {
    const ask = (selector: string) =>
      agent.call('delete', { resource: 'configmaps', namespace: elsewhere, selector, reason });
    expect(withoutIds(await ask('a!=b'))).toBe(withoutIds(await ask('a=b')));
  });

  it('while what it may get is told apart', async () => {
    const missing = await agent.call('get', { resource: 'configmaps', name: 'missing' });
    expect(missing.structured.status).toBe('not_found');
  });
});

describe('who has no rule at all', () => {
  it('causes not one request to the API server, whatever is called', async () => {
    const stranger = await startClusterAgent({
      rules: [
        {
          name: 'for-somebody-else',
          description: 'Somebody else may do everything here.',
          match: { principal: { agents: ['somebody-else'] } },
          effect: 'allow',
        },
      ],
    });
    const calls: readonly (readonly [string, JsonObject])[] = [
      ...asks.map(([, tool, input]) => [tool, input('there')] as const),
      ['get', { resource: 'no-such-kind' }],
      ['get', { resource: 'pods', allNamespaces: true }],
      ['apply', { manifest: '{', reason }],
      ['delete', { resource: 'pods', selector: 'a=b', reason }],
    ];
    for (const [tool, input] of calls) {
      const answer = await stranger.call(tool, input);
      expect(answer.structured.status, answer.text).toBe('denied');
      expect(answer.text).toContain('No rule allows');
    }
    expect(await requestsOf(stranger.username, controlPlane().auditLogPath)).toEqual([]);
  });
});
