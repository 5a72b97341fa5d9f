import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, configMap, configMaps, startClient } from './client.ts';

const pods = '/api/v1/namespaces/shop/pods';
const asTable = 'application/json;as=Table;g=meta.k8s.io;v=v1';

describe('reading', () => {
  let client: Client;
  let now = new Date('2026-11-21T09:00:00Z');
  beforeAll(async () => {
    client = await startClient({ now: () => now });
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await client.apply(
        `/api/v1/namespaces/default/configmaps/${name}`,
        configMap(name, {}, { labels: { half: name < 'c' ? 'one' : 'two' } }),
      );
  });
  afterAll(() => client.sandbox.stop());
  const names = async (path: string) =>
    (await client.get(path)).body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
  const inDefault = '/api/v1/namespaces/default/configmaps';

  it('lists one namespace, all of them, and an empty list for a missing one', async () => {
    expect(await names(inDefault)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(await names('/api/v1/configmaps')).toEqual(['a', 'b', 'c', 'd', 'e', 'web-config']);
    const missing = await client.get('/api/v1/namespaces/nowhere/configmaps');
    expect([missing.status, missing.body.items, missing.body.kind]).toEqual([200, [], 'ConfigMapList']);
  });

  it('selects by labels and fields', async () => {
    const by = (selector: string) => names(`${inDefault}?labelSelector=${encodeURIComponent(selector)}`);
    expect(await by('half=one')).toEqual(['a', 'b']);
    expect(await by('half!=one')).toEqual(['c', 'd', 'e']);
    expect(await by('half in (one,two),!other')).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(await by('half notin (two)')).toEqual(['a', 'b']);
    expect(await names(`${inDefault}?fieldSelector=metadata.name%3Dd`)).toEqual(['d']);
    expect(await names(`${pods}?fieldSelector=status.phase!%3DRunning`)).toEqual([]);
    const unknown = await client.get(`${inDefault}?fieldSelector=data.a%3Dd`);
    expect([unknown.status, unknown.body.message]).toEqual([400, 'field label not supported: data.a']);
    expect((await client.get(`${inDefault}?labelSelector=%3D%3D`)).status).toBe(400);
  });

  it('pages with continue, and says how many remain', async () => {
    const first = (await client.get(`${inDefault}?limit=2`)).body;
    expect(first.items).toHaveLength(2);
    expect(first.metadata.remainingItemCount).toBe(3);
    const second = (await client.get(`${inDefault}?limit=2&continue=${first.metadata.continue}`)).body;
    expect(second.items[0].metadata.name).toBe('c');
    const last = (await client.get(`${inDefault}?limit=2&continue=${second.metadata.continue}`)).body;
    expect([last.items.length, last.metadata.continue]).toEqual([1, undefined]);
    const selected = (await client.get(`${inDefault}?limit=1&labelSelector=half%3Done`)).body;
    expect(selected.metadata.continue).toBeTruthy();
    expect(selected.metadata.remainingItemCount).toBeUndefined();
  });

  it('answers 410 with a fresh token for one that expired, 400 for one that is none', async () => {
    const { metadata } = (await client.get(`${inDefault}?limit=2`)).body;
    now = new Date('2026-11-21T09:06:00Z');
    const expired = await client.get(`${inDefault}?limit=2&continue=${metadata.continue}`);
    expect([expired.status, expired.body.reason]).toEqual([410, 'Expired']);
    const rest = await client.get(`${inDefault}?continue=${expired.body.metadata.continue}`);
    expect(rest.body.items).toHaveLength(3);
    expect((await client.get(`${inDefault}?continue=nonsense`)).status).toBe(400);
  });

  it('writes tables like kubectl, with and without the objects', async () => {
    const table = (await client.get(pods, `${asTable},application/json`)).body;
    expect(table.kind).toBe('Table');
    const columns = table.columnDefinitions.filter((column: { priority: number }) => column.priority === 0);
    expect(columns.map((column: { name: string }) => column.name)).toEqual([
      'Name',
      'Ready',
      'Status',
      'Restarts',
      'Age',
    ]);
    expect(table.rows[0].cells.slice(1, 5)).toEqual(['1/1', 'Running', '0', '6m']);
    expect(table.rows[0].object.kind).toBe('PartialObjectMetadata');
    const bare = (await client.get(`${pods}?includeObject=None`, asTable)).body;
    expect(bare.rows[0].object).toBeUndefined();
    const secret = (await client.get('/api/v1/namespaces/shop/secrets', asTable)).body;
    expect(JSON.stringify(secret.rows[0].object.metadata.annotations)).toContain('last-applied');
    const one = (await client.get('/api/v1/namespaces/shop/secrets/db', asTable)).body;
    expect(one.rows[0].cells.slice(0, 3)).toEqual(['db', 'Opaque', 2]);
  });

  it('writes metadata only', async () => {
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const list = (await client.get('/api/v1/namespaces/shop/secrets?limit=1', accept)).body;
    expect(list.kind).toBe('PartialObjectMetadataList');
    expect(Object.keys(list.items[0]).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
  });

  it('serves logs, one line of which quotes a Secret', async () => {
    const [name] = await names(pods);
    const log = (await client.get(`${pods}/${name}/log`)).text;
    expect(log).toContain('DB_PASSWORD=sandbox-only-T4ble-Lamp-91');
    expect((await client.get(`${pods}/${name}/log?tailLines=2`)).text.trim().split('\n')).toHaveLength(2);
    expect((await client.get(`${pods}/${name}/log?timestamps=true`)).text).toMatch(
      /^2026-11-21T09:00:00\.000000000Z starting/,
    );
    expect((await client.get(`${pods}/${name}/log?previous=true`)).status).toBe(400);
    expect((await client.get(`${pods}/${name}/log?container=x`)).status).toBe(400);
    expect((await client.get(`${configMaps}/web-config/log`)).status).toBe(404);
  });
});
