import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { JsonObject } from '../../src/domain/json.ts';
import { mutates, requestsOf } from '../support/audit-join.ts';
import {
  type ClusterAgent,
  establishFixtureKinds,
  pluralOf,
  startClusterAgent,
  uniqueName,
} from '../support/cluster-agent.ts';
import type { KubeObject } from '../support/control-plane/kube.ts';
import { controlPlane } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { manifest, namespacedManifests } from '../support/manifests.ts';

const reason = 'only planned';
let agent: ClusterAgent;
beforeAll(async () => {
  agent = await startClusterAgent();
  await establishFixtureKinds(agent.kube, agent.namespace);
});

const pathOf = (object: KubeObject): string => agent.path(pluralOf(object), object.metadata.name);
const textOf = async (path: string): Promise<string> => JSON.stringify(await agent.kube.get(path)) ?? 'absent';

/** Controllers write after a create; what is compared has come to rest. */
async function settled(path: string): Promise<string> {
  let last = await textOf(path);
  let same = 0;
  return waitUntil(
    `${path} rests`,
    async () => {
      const now = await textOf(path);
      // A Job is not at rest before it is complete.
      const going = now.includes('"kind":"Job"') && !now.includes('"completionTime"');
      same = now === last && !going ? same + 1 : 0;
      last = now;
      return same >= 8 ? now : undefined;
    },
    30_000,
    50,
  );
}

/** Plans it twice: as a dry run, and as a call that is held until it is withdrawn. */
async function planBothWays(tool: string, input: JsonObject): Promise<void> {
  const dry = await agent.call(tool, { ...input, reason, dryRun: true });
  expect(dry.structured.status, dry.text).toBe('dry_run');
  const { approval, answer } = await agent.hold(tool, { ...input, reason });
  const withdrawn = await agent.call('approval', { id: approval.id, action: 'withdraw' });
  expect(withdrawn.structured.status, withdrawn.text).toBe('ok');
  expect((await answer).structured.status).toBe('withdrawn');
}

/** A change of something that may be changed, whatever the kind is. */
const changed = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, changed: 'now' } },
});

const withName = (object: KubeObject, name: string): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, name },
});

describe.each(namespacedManifests)('apply of the fixture %s', (fixture) => {
  it('leaves an absent object absent', async () => {
    const object = withName(manifest(fixture, agent.namespace), `absent-${fixture}`);
    await planBothWays('apply', { manifest: stringify(object) });
    expect(await agent.kube.get(pathOf(object))).toBeUndefined();
  });

  it('leaves an existing object as it is, to the byte', async () => {
    const object = withName(manifest(fixture, agent.namespace), `there-${fixture}`);
    const path = pathOf(object);
    await agent.kube.create(agent.path(pluralOf(object)), object);
    const before = await settled(path);
    // Of a Secret even an equal value that is somebody else's is a conflict: it would answer guesses.
    await planBothWays('apply', { manifest: stringify(changed(object)), forceConflicts: fixture === 'secret' });
    expect(await textOf(path)).toBe(before);
  });

  it('and a plan to delete it leaves it as it is', async () => {
    const object = withName(manifest(fixture, agent.namespace), `there-${fixture}`);
    const before = await settled(pathOf(object));
    await planBothWays('delete', { resource: pluralOf(object), name: object.metadata.name });
    expect(await textOf(pathOf(object))).toBe(before);
  });
});

describe('scale', () => {
  it.each(['deployment', 'statefulset', 'fleet'] as const)('of %s', async (fixture) => {
    const object = withName(manifest(fixture, agent.namespace), `there-${fixture}`);
    const before = await settled(pathOf(object));
    await planBothWays('scale', { resource: pluralOf(object), name: object.metadata.name, replicas: 9 });
    expect(await textOf(pathOf(object))).toBe(before);
  });
});

describe('what is in no namespace', () => {
  it('a namespace is not made, and not deleted', async () => {
    const name = uniqueName('planned');
    const space = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await planBothWays('apply', { manifest: stringify(space) });
    expect(await agent.kube.get(`/api/v1/namespaces/${name}`)).toBeUndefined();
    const before = await settled(`/api/v1/namespaces/${agent.namespace}`);
    await planBothWays('delete', { resource: 'namespaces', name: agent.namespace });
    expect(await textOf(`/api/v1/namespaces/${agent.namespace}`)).toBe(before);
  });

  it('a definition with its objects is neither changed nor deleted, and a new one not made', async () => {
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const widget = manifest('widget-crd');
    const path = `${definitions}/${widget.metadata.name}`;
    const before = await settled(path);
    await planBothWays('delete', { resource: 'crd', name: widget.metadata.name });
    expect(await textOf(path)).toBe(before);
    expect(await agent.kube.get(agent.path('widgets', 'there-widget'))).toBeDefined();
    const group = `${uniqueName('planned')}.countersign.dev`;
    const fresh = { ...widget, metadata: { name: `widgets.${group}` }, spec: { ...widget.spec, group } };
    await planBothWays('apply', { manifest: stringify(fresh) });
    expect(await agent.kube.get(`${definitions}/widgets.${group}`)).toBeUndefined();
  });

  it('a namespace with what lives in it is planned whole, and nothing of it made', async () => {
    const name = uniqueName('planned');
    const space = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    const inside = manifest('configmap', name);
    await planBothWays('apply', { manifest: `${stringify(space)}---\n${stringify(inside)}` });
    expect(await agent.kube.get(`/api/v1/namespaces/${name}`)).toBeUndefined();
  });
});

it('sent not one request that could have changed anything', async () => {
  const requests = await requestsOf(agent.username, controlPlane().auditLogPath);
  expect(requests.length).toBeGreaterThan(200);
  expect(requests.filter(mutates).map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
});
