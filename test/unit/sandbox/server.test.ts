import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, configMap, configMaps, startClient } from './client.ts';

describe('the sandbox as a server', () => {
  let client: Client;
  beforeAll(async () => {
    client = await startClient();
  });
  afterAll(() => client.sandbox.stop());

  it('says what it is and listens on loopback', () => {
    expect(client.sandbox.name).toBe('sandbox (in memory, not a real cluster)');
    expect(client.sandbox.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('answers 401 to every request without its token', async () => {
    for (const path of ['/version', '/api', '/api/v1/pods', '/nothing']) {
      const without = await fetch(client.sandbox.url + path);
      const wrong = await fetch(client.sandbox.url + path, { headers: { authorization: 'Bearer x' } });
      expect([without.status, wrong.status], path).toEqual([401, 401]);
      expect(await without.json()).toMatchObject({ kind: 'Status', reason: 'Unauthorized', code: 401 });
    }
  });

  it('refuses impersonation instead of ignoring it', async () => {
    const reply = await client.request('GET', '/api/v1/pods', undefined, { 'impersonate-user': 'planner' });
    expect(reply.status).toBe(403);
    expect(reply.body.message).toContain('impersonation');
  });

  it('serves version and health', async () => {
    expect((await client.get('/version')).body).toMatchObject({ major: '1', minor: '36' });
    expect((await client.get('/readyz')).text).toBe('ok');
  });

  it('echoes the Audit-ID', async () => {
    const reply = await client.request('GET', '/api/v1/pods', undefined, { 'audit-id': 'a b' });
    expect(reply.headers.get('audit-id')).toBe('a b');
  });

  it('answers an unknown path in plain text and a missing object with a Status', async () => {
    for (const path of ['/apis/none/v1/things', '/x', '/api/v1/namespaces/shop/pods/..%2Fsecrets%2Fdb']) {
      const reply = await client.get(path);
      expect([reply.status, reply.text], path).toEqual([404, '404 page not found\n']);
    }
    for (const path of ['/api/v1/things', '/apis/apps/v9', '/apis/apps/v1/namespaces/shop/things/x']) {
      const reply = await client.get(path);
      expect([reply.status, reply.body?.message], path).toEqual([
        404,
        'the server could not find the requested resource',
      ]);
    }
    const reply = await client.get('/api/v1/namespaces/shop/secrets/none');
    expect(reply.status).toBe(404);
    expect(reply.body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'secrets "none" not found',
      reason: 'NotFound',
      details: { name: 'none', kind: 'secrets' },
      code: 404,
    });
  });

  it('says what the sandbox does not do', async () => {
    const path = `${configMaps}/web-config`;
    const refused = await Promise.all([
      client.get(`${configMaps}?watch=true`),
      client.request('PUT', path, {}),
      client.request('DELETE', configMaps),
      client.get('/api/v1/namespaces/shop/pods/web/portforward'),
    ]);
    for (const reply of refused) {
      expect(reply.status).toBe(405);
      expect(reply.body.message).toContain('the sandbox does not do');
    }
    const patch = await client.request('PATCH', path, [], { 'content-type': 'application/json-patch+json' });
    expect(patch.status).toBe(415);
    expect(patch.body.message).toContain('the sandbox does not do application/json-patch+json');
  });

  it('answers 406, 413, 415 and 400 for what it cannot read or write', async () => {
    expect((await client.get('/api/v1/pods', 'application/yaml')).status).toBe(406);
    expect((await client.post(configMaps, configMap('big', { a: 'x'.repeat(3 * 1024 * 1024) }))).status).toBe(413);
    expect((await client.request('POST', configMaps, 'a: b', { 'content-type': 'application/yaml' })).status).toBe(415);
    expect((await client.post(configMaps, '{')).status).toBe(400);
    expect((await client.post(configMaps, '{"__proto__":{"kind":"x"}}')).status).toBe(400);
  });

  it('starts with the demo world, made by kubectl', async () => {
    const web = (await client.get('/apis/apps/v1/namespaces/shop/deployments/web')).body;
    expect(web.spec.template.spec.containers[0].image).toBe('registry.example/web:1.4.1');
    expect(web.status).toMatchObject({ readyReplicas: 3, updatedReplicas: 3, observedGeneration: 1 });
    expect(web.metadata.managedFields[0]).toMatchObject({ manager: 'kubectl-client-side-apply', operation: 'Update' });
    const pods = (await client.get('/api/v1/namespaces/shop/pods')).body.items;
    expect(pods).toHaveLength(3);
    for (const pod of pods) {
      expect(pod.metadata.name).toMatch(/^web-[a-z0-9]{10}-[a-z0-9]{5}$/);
      expect(pod.status.phase).toBe('Running');
      expect(pod.metadata.ownerReferences[0].kind).toBe('ReplicaSet');
    }
    const secret = (await client.get('/api/v1/namespaces/shop/secrets/db')).body;
    expect(secret.metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']).toContain(
      secret.data.password,
    );
    expect((await client.get('/api/v1/namespaces/kube-system')).body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect((await client.get('/api/v1/namespaces/shop/services/web')).body.spec.clusterIP).toMatch(/^10\.96\./);
  });

  it('gives the same world for the same randomness and clock', async () => {
    const worlds = await Promise.all(
      [1, 2].map(async () => {
        let seed = 7;
        const random = () => {
          seed = (seed * 16807) % 2147483647;
          return seed / 2147483647;
        };
        const other = await startClient({ random, now: () => new Date('2026-11-21T09:00:00Z') });
        const { text } = await other.get('/api/v1/namespaces/shop/pods');
        await other.sandbox.stop();
        return text;
      }),
    );
    expect(worlds[0]).toBe(worlds[1]);
  });
});
