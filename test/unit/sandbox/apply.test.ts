import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, configMap, configMaps, startClient, webPath } from './client.ts';

const web = (container: Record<string, unknown>, spec: Record<string, unknown> = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { ...spec, template: { spec: { containers: [{ name: 'web', ...container }] } } },
});

describe('server-side apply', () => {
  let client: Client;
  beforeAll(async () => {
    client = await startClient();
  });
  afterAll(() => client.sandbox.stop());
  const live = async (path: string) => (await client.get(path)).body;

  it('creates with 201, then changes nothing at all when the same is applied again', async () => {
    const path = `${configMaps}/same`;
    const first = await client.apply(path, configMap('same', { a: '1' }));
    expect(first.status).toBe(201);
    expect(first.body.metadata.managedFields).toEqual([
      {
        manager: 'test',
        operation: 'Apply',
        apiVersion: 'v1',
        time: first.body.metadata.creationTimestamp,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:a': {} } },
      },
    ]);
    const again = await client.apply(path, configMap('same', { a: '1' }));
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
  });

  it('conflicts with another manager only when the value differs, and takes over with force', async () => {
    const equalValue = await client.apply(webPath, web({ image: 'registry.example/web:1.4.1' }), '&dryRun=All');
    expect(equalValue.status).toBe(200);
    const other = await client.apply(webPath, web({ image: 'registry.example/web:1.4.2' }), '&dryRun=All');
    expect(other.status).toBe(409);
    expect(other.body).toMatchObject({ reason: 'Conflict', code: 409 });
    expect(other.body.details.causes).toEqual([
      {
        reason: 'FieldManagerConflict',
        message: expect.stringMatching(/^conflict with "kubectl-client-side-apply" using apps\/v1 at /),
        field: '.spec.template.spec.containers[name="web"].image',
      },
    ]);
    const forced = await client.apply(webPath, web({ image: 'registry.example/web:1.4.2' }), '&force=true');
    expect(forced.status).toBe(200);
    const after = await live(webPath);
    expect(after.spec.template.spec.containers[0]).toMatchObject({ image: 'registry.example/web:1.4.2', name: 'web' });
    expect(after.spec.template.spec.containers[0].env).toHaveLength(3);
    const owned = JSON.stringify(
      after.metadata.managedFields.find((entry: { manager: string }) => entry.manager.startsWith('kubectl')).fieldsV1,
    );
    expect(owned).not.toContain('f:image"');
    expect(after.metadata.generation).toBe(2);
    const pods = (await client.get('/api/v1/namespaces/shop/pods')).body.items;
    expect(pods.map((pod: { spec: { containers: { image: string }[] } }) => pod.spec.containers[0]?.image)).toEqual(
      Array(3).fill('registry.example/web:1.4.2'),
    );
  });

  it('removes what this manager owned and no longer sends, and only that', async () => {
    const path = `${configMaps}/shared`;
    await client.apply(path, configMap('shared', { a: '1', b: '2' }), '', 'one');
    await client.apply(path, configMap('shared', { c: '3', b: '2' }), '', 'two');
    await client.apply(path, configMap('shared', {}), '', 'one');
    expect((await live(path)).data).toEqual({ b: '2', c: '3' });
  });

  it('merges lists by their keys: env by name, ports by number and protocol', async () => {
    await client.apply(
      webPath,
      web({ env: [{ name: 'EXTRA', value: 'x' }], ports: [{ containerPort: 8080 }] }),
      '',
      'lists',
    );
    const container = (await live(webPath)).spec.template.spec.containers[0];
    expect(container.env.map((entry: { name: string }) => entry.name)).toEqual([
      'LOG_LEVEL',
      'DB_USER',
      'DB_PASSWORD',
      'EXTRA',
    ]);
    expect(container.ports).toEqual([{ name: 'http', containerPort: 8080, protocol: 'TCP' }]);
    await client.apply(webPath, web({}), '', 'lists');
    const names = (await live(webPath)).spec.template.spec.containers[0].env.map(
      (entry: { name: string }) => entry.name,
    );
    expect(names).toEqual(['LOG_LEVEL', 'DB_USER', 'DB_PASSWORD']);
  });

  it('keeps two dry-runs equal apart from uid, times and managers, and persists nothing', async () => {
    const path = '/apis/apps/v1/namespaces/shop/deployments/dry';
    const body = { ...web({ image: 'a' }, { selector: { matchLabels: { app: 'dry' } } }), metadata: { name: 'dry' } };
    Object.assign(body.spec.template, { metadata: { labels: { app: 'dry' } } });
    const replies = await Promise.all([
      client.apply(path, body, '&dryRun=All'),
      client.apply(path, body, '&dryRun=All'),
    ]);
    const [one, two] = replies.map((reply) => {
      expect(reply.status).toBe(201);
      const { uid, creationTimestamp, managedFields, ...metadata } = reply.body.metadata;
      expect(uid && creationTimestamp && managedFields).toBeTruthy();
      return { ...reply.body, metadata };
    });
    expect(one).toEqual(two);
    expect(replies[0]?.body.metadata.uid).not.toBe(replies[1]?.body.metadata.uid);
    expect(one.spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'RollingUpdate' },
      template: { spec: { restartPolicy: 'Always' } },
    });
    expect((await client.get(path)).status).toBe(404);
  });

  it('shows a sentinel for the address of a Service in a dry-run', async () => {
    const path = '/api/v1/namespaces/shop/services/api';
    const body = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'api' }, spec: { ports: [{ port: 80 }] } };
    expect((await client.apply(path, body, '&dryRun=All')).body.spec.clusterIP).toBe('10.0.0.0');
    const real = (await client.apply(path, body)).body.spec;
    expect(real.clusterIP).not.toBe('10.0.0.0');
    expect(real.ports).toEqual([{ port: 80, protocol: 'TCP', targetPort: 80 }]);
    expect((await client.apply(path, body)).status).toBe(200);
  });

  it('answers 500 without a reason for what it cannot type', async () => {
    const cases: [Record<string, unknown>, string][] = [
      [{ ...web({ image: 'a' }), extra: 1 }, '.extra: field not declared in schema'],
      [web({ image: 'a' }, { replica: 1 }), '.spec.replica: field not declared in schema'],
      [web({ imagee: 'a' }), '.spec.template.spec.containers[name="web"].imagee: field not declared in schema'],
      [web({ env: [{ name: 'A' }, { name: 'A' }] }), 'duplicate entries for key [name="A"]'],
      [web({}, { replicas: 'three' }), '.spec.replicas: expected numeric (int or float), got string'],
      [web({ env: { A: 'x' } }), '.env: expected list, got map'],
    ];
    for (const [body, text] of cases) {
      const reply = await client.apply(webPath, body, '&fieldValidation=Strict');
      expect(reply.status, text).toBe(500);
      expect(reply.body.reason).toBeUndefined();
      expect(reply.body.message).toContain('failed to create typed patch object (');
      expect(reply.body.message).toContain(text);
    }
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db' }, data: { password: 'not base64!' } };
    const bad = await client.apply('/api/v1/namespaces/shop/secrets/db', secret);
    expect([bad.status, bad.body.reason]).toEqual([500, undefined]);
    expect(bad.body.message).toContain('failed to convert new object');
  });

  it('answers 400 for a body that names something else', async () => {
    const path = `${configMaps}/web-config`;
    const bodies = [
      configMap('other', {}),
      configMap('web-config', {}, { namespace: 'default' }),
      configMap('web-config', {}, { managedFields: [] }),
      { ...configMap('web-config', {}), kind: 'ConfigMapList' },
      { apiVersion: 'v1', kind: 'List', metadata: {}, items: [] },
      { ...configMap('web-config', {}), apiVersion: 'v2' },
      { data: {} },
    ];
    for (const body of bodies) {
      const reply = await client.apply(path, body);
      expect([reply.status, reply.body.reason], JSON.stringify(body)).toEqual([400, 'BadRequest']);
    }
    expect((await client.apply(path, bodies[2])).body.message).toContain('managedFields must be nil');
  });

  it('answers 422 for unknown dry-run values and a missing field manager', async () => {
    const path = `${configMaps}/dry`;
    const misspelt = await client.apply(path, configMap('dry', {}), '&dryRun=all');
    expect([misspelt.status, misspelt.body.reason]).toEqual([422, 'Invalid']);
    expect((await client.apply(path, configMap('dry', {}), '', '')).status).toBe(422);
    expect((await client.get(path)).status).toBe(404);
    // In lower case the key is unknown, and the write is real: as the real server has it.
    expect((await client.apply(path, configMap('dry', {}), '&dryrun=All')).status).toBe(201);
    expect((await client.get(path)).status).toBe(200);
  });

  it('answers 422 with causes for what validation refuses', async () => {
    const negative = await client.apply(webPath, web({ image: 'a' }, { replicas: -1 }), '&force=true');
    expect([negative.status, negative.body.reason]).toEqual([422, 'Invalid']);
    expect(negative.body.details.causes).toEqual([
      { reason: 'FieldValueInvalid', field: 'spec.replicas', message: expect.stringContaining('Invalid value: -1') },
    ]);
    const named = await client.apply(`${configMaps}/Bad_Name`, configMap('Bad_Name', {}));
    expect(named.body.message).toContain('a lowercase RFC 1123 subdomain must consist of');
  });

  it('needs a namespace that is there', async () => {
    const reply = await client.apply('/api/v1/namespaces/nowhere/configmaps/a', configMap('a', {}));
    expect([reply.status, reply.body.message]).toEqual([404, 'namespaces "nowhere" not found']);
  });

  it('warns of a deprecated node label', async () => {
    const body = web({ image: 'registry.example/web:1.4.2' });
    Object.assign(body.spec.template.spec, { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } });
    const reply = await client.apply(webPath, body, '&dryRun=All');
    expect(reply.headers.get('warning')).toMatch(/^299 - "spec\.template\.spec\.nodeSelector.*deprecated since v1\.14/);
  });
});

describe('preconditions of server-side apply', () => {
  let client: Client;
  beforeAll(async () => {
    client = await startClient();
  });
  afterAll(() => client.sandbox.stop());

  it('creates a missing object again when only its resourceVersion is named', async () => {
    const reply = await client.apply(`${configMaps}/gone`, configMap('gone', {}, { resourceVersion: '77' }));
    expect(reply.status).toBe(201);
  });

  it('refuses with uid and resourceVersion when the object is gone or another one', async () => {
    const path = `${configMaps}/pinned`;
    const stale = { uid: '00000000-0000-4000-8000-000000000000', resourceVersion: '77' };
    expect((await client.apply(path, configMap('pinned', {}, stale))).status).toBe(409);
    expect((await client.get(path)).status).toBe(404);
    const { metadata } = (await client.apply(path, configMap('pinned', {}))).body;
    const otherUid = { uid: stale.uid, resourceVersion: metadata.resourceVersion };
    expect((await client.apply(path, configMap('pinned', { a: '1' }, stale))).status).toBe(409);
    expect((await client.apply(path, configMap('pinned', { a: '1' }, otherUid))).status).toBe(422);
    const current = { uid: metadata.uid, resourceVersion: metadata.resourceVersion };
    expect((await client.apply(path, configMap('pinned', { a: '1' }, current))).status).toBe(200);
    const race = await client.apply(path, configMap('pinned', { a: '2' }, current));
    expect([race.status, race.body.reason, race.body.details.causes]).toEqual([409, 'Conflict', undefined]);
  });

  it('takes resourceVersion "1" as create-only and "0" as unset', async () => {
    const path = `${configMaps}/once`;
    expect((await client.apply(path, configMap('once', {}, { resourceVersion: '1' }))).status).toBe(201);
    expect((await client.apply(path, configMap('once', { a: '1' }, { resourceVersion: '1' }))).status).toBe(409);
    expect((await client.apply(path, configMap('once', { a: '1' }, { resourceVersion: '0' }))).status).toBe(200);
  });
});
