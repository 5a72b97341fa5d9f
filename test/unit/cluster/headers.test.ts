import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configMap,
  context,
  execution,
  FakeServer,
  get,
  json,
  list,
  remove,
  sandboxCluster,
  type,
} from './fake-server.ts';

describe('what a request looks like on the wire', () => {
  const server = new FakeServer();

  beforeEach(async () => {
    server.seen.length = 0;
    await server.start();
    server.reply = (_, response) => json(response, 200, { kind: 'ConfigMap' });
  });
  afterEach(() => server.stop());

  it('carries the token and an Audit-ID of its own, and impersonates nobody unless it is configured', async () => {
    const cluster = sandboxCluster(server.url);
    const handle = execution(cluster, [get]);
    await handle.send(get);
    await handle.send(get);
    expect(server.seen.map((each) => each.headers['audit-id'])).toEqual(['audit-1', 'audit-2']);
    expect(server.seen[0]!.headers.authorization).toBe('Bearer a-token');
    expect(server.seen[0]!.rawHeaders.join(' ').toLowerCase()).not.toContain('impersonate');
    await cluster.close();
  });

  it('sends each group as a line of its own and names agent, person and approval as extras', async () => {
    const writer = { user: 'countersign-writer', groups: ['writers', 'apps'] };
    const cluster = sandboxCluster(server.url, {
      tiers: { read: writer, plan: { user: 'countersign-planner', groups: [] } },
    });
    const as = context({ person: 'li@exämple.com', approval: 'cs-7f3k2m' });
    await execution(cluster, [get], as).send(get);
    await cluster.planning(as).get(configMap);
    const [first, second] = server.seen;
    const lines = first!.rawHeaders.map((each, index) => (index % 2 === 0 ? each.toLowerCase() : each));
    const valuesOf = (name: string) => lines.filter((_, index) => index % 2 === 1 && lines[index - 1] === name);
    expect(valuesOf('impersonate-user')).toEqual(['countersign-writer']);
    expect(valuesOf('impersonate-group')).toEqual(['writers', 'apps']);
    expect(valuesOf('impersonate-extra-countersign.dev%2fagent')).toEqual(['deploy-bot']);
    expect(valuesOf('impersonate-extra-countersign.dev%2fperson')).toEqual(['li@ex\\u{e4}mple.com']);
    expect(valuesOf('impersonate-extra-countersign.dev%2fapproval')).toEqual(['cs-7f3k2m']);
    expect(second!.headers['impersonate-user']).toBe('countersign-planner');
    await cluster.close();
  });

  it('sends the preconditions of a delete with their length', async () => {
    const cluster = sandboxCluster(server.url);
    await execution(cluster, [remove]).send(remove);
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: 'DELETE', url: '/api/v1/namespaces/shop/configmaps/settings' });
    expect(seen!.headers['content-length']).toBe(String(seen!.body.length));
    expect(JSON.parse(seen!.body)).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'u-1', resourceVersion: '7' },
      propagationPolicy: 'Background',
    });
    await cluster.close();
  });

  it('sends an apply as server-side apply, and a dry run only from planning', async () => {
    const cluster = sandboxCluster(server.url);
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'shop' } };
    const apply = { action: 'apply', mode: 'create', object: configMap, body, forceConflicts: false } as const;
    await cluster.planning(context()).dryRunApply(apply);
    await execution(cluster, [apply]).send(apply);
    const query = 'fieldManager=countersign&force=false&fieldValidation=Strict';
    const path = '/api/v1/namespaces/shop/configmaps/settings';
    expect(server.seen.map((each) => `${each.method} ${each.url}`)).toEqual([
      `PATCH ${path}?${query}&dryRun=All`,
      `PATCH ${path}?${query}`,
    ]);
    expect(server.seen[0]!.headers['content-type']).toBe('application/apply-patch+yaml');
    expect(JSON.parse(server.seen[1]!.body).metadata.resourceVersion).toBe('1');
    await cluster.close();
  });

  it('encodes what people select by', async () => {
    const cluster = sandboxCluster(server.url);
    const request = { ...list, labelSelector: 'a=b,c in (d)&watch=true', fieldSelector: 'metadata.name=x' };
    await execution(cluster, [request]).send(request);
    expect(server.seen[0]!.url).toBe(
      '/api/v1/namespaces/shop/configmaps?limit=2&labelSelector=a%3Db%2Cc%20in%20(d)%26watch%3Dtrue&fieldSelector=metadata.name%3Dx',
    );
    await cluster.close();
  });

  it('keeps the names of RBAC objects as they are', async () => {
    const cluster = sandboxCluster(server.url);
    const roles = type({
      group: 'rbac.authorization.k8s.io',
      resource: 'clusterroles',
      kind: 'ClusterRole',
      namespaced: false,
    });
    const request = {
      action: 'get',
      object: { type: roles, namespace: undefined, name: 'system:Node' },
      representation: 'object',
    } as const;
    await execution(cluster, [request]).send(request);
    expect(server.seen[0]!.url).toBe('/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3ANode');
    await cluster.close();
  });

  it('collects warnings', async () => {
    server.reply = (_, response) =>
      json(
        response,
        200,
        { kind: 'ConfigMap' },
        { warning: ['299 - "one \\"quoted\\""', '299 kube "two", 299 - "three"'] },
      );
    const cluster = sandboxCluster(server.url);
    expect((await execution(cluster, [get]).send(get)).warnings).toEqual(['one "quoted"', 'two', 'three']);
    await cluster.close();
  });
});
