import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, configMap, configMaps, startClient, webPath } from './client.ts';

describe('create, merge patch and scale', () => {
  let client: Client;
  beforeAll(async () => {
    client = await startClient();
  });
  afterAll(() => client.sandbox.stop());

  it('creates by POST, once', async () => {
    const first = await client.post(`${configMaps}?fieldManager=poster`, configMap('posted', { a: '1' }));
    expect(first.status).toBe(201);
    expect(first.body.metadata.managedFields[0]).toMatchObject({ manager: 'poster', operation: 'Update' });
    const again = await client.post(configMaps, configMap('posted', {}));
    expect([again.status, again.body.reason]).toEqual([409, 'AlreadyExists']);
    const dry = await client.post(`${configMaps}?dryRun=All`, configMap('dry', {}));
    expect([dry.status, (await client.get(`${configMaps}/dry`)).status]).toEqual([201, 404]);
    const generated = await client.post(configMaps, { ...configMap('', {}), metadata: { generateName: 'g-' } });
    expect(generated.body.metadata.name).toMatch(/^g-[a-z0-9]{5}$/);
  });

  it('drops unknown fields with a warning, refuses them when strict', async () => {
    const odd = { ...configMap('odd', {}), extra: 1 };
    const strict = await client.post(`${configMaps}?fieldValidation=Strict`, odd);
    expect([strict.status, strict.body.message]).toEqual([400, expect.stringContaining('unknown field "extra"')]);
    const warned = await client.post(configMaps, odd);
    expect(warned.headers.get('warning')).toBe('299 - "unknown field \\"extra\\""');
    expect(warned.body.extra).toBeUndefined();
  });

  it('keeps data of a Secret that is written as stringData', async () => {
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { token: 'abc' } };
    const made = (await client.post('/api/v1/namespaces/shop/secrets', body)).body;
    expect([made.data, made.stringData, made.type]).toEqual([{ token: 'YWJj' }, undefined, 'Opaque']);
  });

  it('merge-patches, bound by resourceVersion', async () => {
    const path = `${configMaps}/web-config`;
    const { resourceVersion } = (await client.get(path)).body.metadata;
    const patched = await client.merge(path, { metadata: { resourceVersion }, data: { LOG_LEVEL: null, MODE: 'x' } });
    expect(patched.body.data).toEqual({ 'settings.yaml': expect.any(String), MODE: 'x' });
    const stale = await client.merge(path, { metadata: { resourceVersion }, data: { MODE: 'y' } });
    expect([stale.status, stale.body.details.causes]).toEqual([409, undefined]);
    expect((await client.merge(`${configMaps}/none`, {})).status).toBe(404);
  });

  it('refuses to change a pod, quoting its spec', async () => {
    const [pod] = (await client.get('/api/v1/namespaces/shop/pods')).body.items;
    const reply = await client.merge(`/api/v1/namespaces/shop/pods/${pod.metadata.name}`, {
      spec: { hostNetwork: true },
    });
    expect(reply.status).toBe(422);
    expect(reply.body.message).toContain('DB_PASSWORD');
  });

  it('scales, recorded as its own manager entry, and the pods follow', async () => {
    const scale = await client.get(`${webPath}/scale`);
    expect(scale.body).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 3 },
      status: { replicas: 3, selector: 'app=web' },
    });
    const { resourceVersion } = scale.body.metadata;
    const patched = await client.merge(
      `${webPath}/scale`,
      { metadata: { resourceVersion }, spec: { replicas: 5 } },
      '?fieldManager=scaler',
    );
    expect(patched.body.spec.replicas).toBe(5);
    expect(Number(patched.body.metadata.resourceVersion)).toBeGreaterThan(Number(resourceVersion));
    const web = (await client.get(webPath)).body;
    expect(web.metadata.managedFields).toContainEqual(
      expect.objectContaining({
        manager: 'scaler',
        subresource: 'scale',
        fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      }),
    );
    expect((await client.get('/api/v1/namespaces/shop/pods')).body.items).toHaveLength(5);
    const stale = await client.merge(`${webPath}/scale`, { metadata: { resourceVersion }, spec: { replicas: 1 } });
    expect(stale.status).toBe(409);
    const uid = await client.merge(`${webPath}/scale`, { metadata: { uid: 'other' }, spec: { replicas: 1 } });
    expect(uid.status).toBe(409);
    const none = await client.merge(`${webPath}/scale`, { spec: { replicas: null } }, '?dryRun=All');
    expect([none.status, none.body.spec]).toEqual([200, {}]);
    expect((await client.merge(`${webPath}/scale`, { spec: { replicas: -1 } })).status).toBe(422);
    expect((await client.get(webPath)).body.spec.replicas).toBe(5);
    expect((await client.get(`${configMaps}/web-config/scale`)).status).toBe(404);
  });

  it('conflicts with the scaler when an apply sets other replicas', async () => {
    const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 2 } };
    const reply = await client.apply(webPath, body);
    expect(reply.body.details.causes.map((cause: { message: string }) => cause.message)).toEqual([
      expect.stringContaining('conflict with "scaler" with subresource "scale" using apps/v1'),
    ]);
  });
});
