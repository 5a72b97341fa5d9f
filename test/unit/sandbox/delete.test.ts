import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, configMap, configMaps, startClient, webPath } from './client.ts';

const pods = '/api/v1/namespaces/shop/pods';
const replicaSets = '/apis/apps/v1/namespaces/shop/replicasets';

describe('delete', () => {
  let client: Client;
  beforeAll(async () => {
    client = await startClient();
  });
  afterAll(() => client.sandbox.stop());
  const made = async (name: string, metadata: Record<string, unknown> = {}) =>
    (await client.apply(`${configMaps}/${name}`, configMap(name, {}, metadata))).body.metadata;
  const statusOf = async (path: string) => (await client.get(path)).status;

  it('answers a Status with the uid when the object is gone at once', async () => {
    const { uid } = await made('plain');
    const reply = await client.remove(`${configMaps}/plain`, { propagationPolicy: 'Background' });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'plain', kind: 'configmaps', uid },
    });
    expect((await client.remove(`${configMaps}/plain`)).status).toBe(404);
  });

  it('keeps an object whose uid or version is not the one named', async () => {
    const { uid, resourceVersion } = await made('pinned');
    for (const preconditions of [{ uid: 'other' }, { uid, resourceVersion: '1' }]) {
      const reply = await client.remove(`${configMaps}/pinned`, { preconditions });
      expect([reply.status, reply.body.reason]).toEqual([409, 'Conflict']);
    }
    expect(await statusOf(`${configMaps}/pinned`)).toBe(200);
    expect((await client.remove(`${configMaps}/pinned`, { preconditions: { uid, resourceVersion } })).status).toBe(200);
  });

  it('ignores dryRun in the query when there is a body, and obeys it in the body or without one', async () => {
    await made('dry');
    expect((await client.remove(`${configMaps}/dry`, { dryRun: ['All'] })).status).toBe(200);
    expect((await client.remove(`${configMaps}/dry?dryRun=All`)).status).toBe(200);
    expect((await client.remove(`${configMaps}/dry?dryRun=all`)).status).toBe(422);
    expect(await statusOf(`${configMaps}/dry`)).toBe(200);
    await client.remove(`${configMaps}/dry?dryRun=All`, { propagationPolicy: 'Background' });
    expect(await statusOf(`${configMaps}/dry`)).toBe(404);
  });

  it('waits for finalizers, and ends when an apply takes the last one away', async () => {
    const path = `${configMaps}/held`;
    await made('held', { finalizers: ['example.com/hold'] });
    for (const _time of [1, 2]) {
      const reply = await client.remove(path, {});
      expect([reply.status, reply.body.kind]).toEqual([200, 'ConfigMap']);
      expect(reply.body.metadata.deletionTimestamp).toBeTruthy();
    }
    expect(await statusOf(path)).toBe(200);
    expect((await client.apply(path, configMap('held', {}))).status).toBe(200);
    expect(await statusOf(path)).toBe(404);
  });

  it('answers with the pod for a graceful delete, and its ReplicaSet makes another', async () => {
    const [first] = (await client.get(pods)).body.items;
    const reply = await client.remove(`${pods}/${first.metadata.name}`, {});
    expect([reply.body.kind, reply.body.metadata.deletionGracePeriodSeconds]).toEqual(['Pod', 30]);
    const names = (await client.get(pods)).body.items.map((pod: { metadata: { name: string } }) => pod.metadata.name);
    expect(names).toHaveLength(3);
    expect(names).not.toContain(first.metadata.name);
  });

  it('takes along what the object owns, leaves it with Orphan', async () => {
    await client.remove(webPath, { propagationPolicy: 'Orphan' });
    expect(await statusOf(webPath)).toBe(404);
    const [left] = (await client.get(replicaSets)).body.items;
    expect(left.metadata.ownerReferences).toBeUndefined();
    const reply = await client.remove(`${replicaSets}/${left.metadata.name}`, { propagationPolicy: 'Foreground' });
    expect(reply.body.metadata.finalizers).toEqual(['foregroundDeletion']);
    expect((await client.get(pods)).body.items).toEqual([]);
    expect(await statusOf(`${replicaSets}/${left.metadata.name}`)).toBe(404);
  });

  it('empties a namespace, and refuses new content while it ends', async () => {
    await client.apply('/api/v1/namespaces/tmp', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'tmp' } });
    const inTmp = '/api/v1/namespaces/tmp/configmaps';
    await client.apply(`${inTmp}/a`, configMap('a', {}, { finalizers: ['example.com/hold'] }));
    await client.apply(`${inTmp}/b`, configMap('b', {}));
    const reply = await client.remove('/api/v1/namespaces/tmp', {});
    expect(reply.body).toMatchObject({ kind: 'Namespace', status: { phase: 'Terminating' } });
    expect(await statusOf(`${inTmp}/b`)).toBe(404);
    const refused = await client.apply(`${inTmp}/c`, configMap('c', {}));
    expect([refused.status, refused.body.details.causes[0].reason]).toEqual([403, 'NamespaceTerminating']);
    await client.merge(`${inTmp}/a`, { metadata: { finalizers: null } });
    expect(await statusOf('/api/v1/namespaces/tmp')).toBe(404);
    expect((await client.remove('/api/v1/namespaces/kube-system', {})).status).toBe(403);
  });
});
