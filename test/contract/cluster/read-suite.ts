import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { ListRequest } from '../../../src/domain/request.ts';
import type { ObjectRef } from '../../../src/domain/resource.ts';
import type { KubeObject } from '../../support/control-plane/kube.ts';
import { type Harness, refusal } from './harness.ts';

export function readSuite(h: Harness): void {
  let secret: ObjectRef;

  beforeAll(async () => {
    secret = (await h.fixture('secret', { name: 'read-db' })).object;
    const path = `/api/v1/namespaces/${h.namespace}/secrets`;
    await h.kube.create(path, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'read-db',
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"password":"aHVudGVyMg=="}}' },
      },
      data: { password: 'aHVudGVyMg==' },
    });
    for (const n of [1, 2, 3, 4, 5]) {
      await h.kube.create(`/api/v1/namespaces/${h.namespace}/configmaps`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `page-${n}`, labels: { suite: 'paging', parity: n % 2 === 0 ? 'even' : 'odd' } },
      });
    }
  });

  const list = async (resource: string, changes: Partial<ListRequest>): Promise<KubeObject> => {
    const type = await h.planning.resolve(resource);
    const { body } = await h.send({
      action: 'list',
      type,
      namespace: h.namespace,
      limit: 50,
      representation: 'object',
      ...changes,
    });
    return body as JsonObject;
  };
  const namesOf = (body: KubeObject): string[] => body.items.map((item: KubeObject) => item.metadata.name);

  describe('get', () => {
    it('gives the object', async () => {
      const before = h.sent;
      const { httpStatus, body } = await h.send({ action: 'get', object: secret, representation: 'object' });
      expect(httpStatus).toBe(200);
      expect(body).toMatchObject({ kind: 'Secret', metadata: { name: 'read-db' }, data: { password: 'aHVudGVyMg==' } });
      expect(h.sent - before).toBe(1);
    });

    it('gives a table with the name in its first cell and nothing of its annotations', async () => {
      const { body } = await h.send({ action: 'get', object: secret, representation: 'table' });
      const table = body as KubeObject;
      expect(table.kind).toBe('Table');
      expect(table.columnDefinitions[0].name).toBe('Name');
      expect(table.rows).toHaveLength(1);
      expect(table.rows[0].cells[0]).toBe('read-db');
      expect(JSON.stringify(table)).not.toContain('aHVudGVyMg==');
    });

    it('says that it is not there', async () => {
      const missing = { ...secret, name: 'nobody' };
      const error = await refusal(h.send({ action: 'get', object: missing, representation: 'object' }));
      expect(error).toMatchObject({ code: 'NotFound', httpStatus: 404 });
      expect(error.message).toContain(`Secret ${h.namespace}/nobody`);
      expect(await h.planning.get(missing)).toBeUndefined();
    });

    it.each(['../secrets/db?x=', '..', 'a/b', 'a%2fb', 'a b', '', 'x?y', 'x#y'])(
      'sends nothing for the name %j',
      async (name) => {
        const before = h.sent;
        const error = await refusal(h.send({ action: 'get', object: { ...secret, name }, representation: 'object' }));
        expect(error.code).toBe('Invalid');
        expect((await refusal(h.planning.get({ ...secret, name }))).code).toBe('Invalid');
        expect((await refusal(h.planning.get({ ...secret, namespace: name }))).code).toBe('Invalid');
        expect(h.sent).toBe(before);
      },
    );
  });

  describe('list', () => {
    it('pages through with the continue token', async () => {
      const seen: string[] = [];
      let next: string | undefined;
      let pages = 0;
      do {
        const page: KubeObject = await list('configmaps', {
          labelSelector: 'suite=paging',
          limit: 2,
          ...(next === undefined ? {} : { continue: next }),
        });
        seen.push(...namesOf(page));
        next = page.metadata.continue || undefined;
        pages += 1;
      } while (next !== undefined);
      expect(seen).toEqual(['page-1', 'page-2', 'page-3', 'page-4', 'page-5']);
      expect(pages).toBe(3);
    });

    it('selects by label and field', async () => {
      expect(namesOf(await list('configmaps', { labelSelector: 'suite=paging,parity in (even)' }))).toEqual([
        'page-2',
        'page-4',
      ]);
      expect(namesOf(await list('configmaps', { fieldSelector: 'metadata.name=page-3' }))).toEqual(['page-3']);
    });

    it('answers a namespace that does not exist with nothing', async () => {
      expect(namesOf(await list('configmaps', { namespace: 'there-is-none' }))).toEqual([]);
    });

    it('gives a table without what would leak', async () => {
      const table = await list('secrets', { representation: 'table' });
      expect(table.kind).toBe('Table');
      expect(table.rows.map((row: KubeObject) => row.cells[0])).toContain('read-db');
      expect(JSON.stringify(table)).not.toContain('aHVudGVyMg==');
    });

    it('names the namespace of each row where there are several', async () => {
      const table = await list('secrets', { representation: 'table', namespace: undefined });
      const row = table.rows.find((each: KubeObject) => each.object.metadata.namespace === h.namespace);
      expect(row.object.metadata).toEqual({ name: 'read-db', namespace: h.namespace });
      expect(JSON.stringify(table)).not.toContain('aHVudGVyMg==');
    });

    it('refuses a continue token that is none', async () => {
      expect((await refusal(list('configmaps', { continue: 'nonsense' }))).code).toBe('Invalid');
    });

    it('refuses a selector that is none', async () => {
      expect((await refusal(list('configmaps', { labelSelector: 'a in (' }))).code).toBe('Invalid');
    });

    it('reads metadata for planning, with what remains', async () => {
      const type = await h.planning.resolve('configmaps');
      const all = await h.planning.listMetadata({
        type,
        namespace: h.namespace,
        labelSelector: 'suite=paging',
        limit: 5000,
      });
      expect(all).toMatchObject({ more: false, total: 5 });
      const some = await h.planning.listMetadata({ type, namespace: h.namespace, limit: 2 });
      expect(some.items).toHaveLength(2);
      expect(some.more).toBe(true);
      expect(some.total).toBeGreaterThanOrEqual(5);
      const secrets = await h.planning.listMetadata({ type: secret.type, namespace: h.namespace, limit: 100 });
      expect(secrets.items.map((item) => (item as KubeObject).metadata.name)).toContain('read-db');
      expect(JSON.stringify(secrets)).not.toContain('aHVudGVyMg==');
    });
  });

  describe('the cluster', () => {
    it('is identified by kube-system', async () => {
      const system = await h.kube.get('/api/v1/namespaces/kube-system');
      const identity = await h.cluster.identity(h.context());
      expect(identity.uid).toBe(system?.metadata.uid);
      expect(identity.caDigest).toMatch(h.cluster.sandbox ? /^$/ : /^sha256:[0-9a-f]{64}$/);
      const before = h.sent;
      await h.cluster.identity(h.context());
      expect(h.sent).toBe(before);
      expect(await h.cluster.identity(h.context(), true)).toEqual(identity);
      expect(h.sent).toBe(before + 1);
    });

    it('lets the masker read Secrets', async () => {
      const { secrets, resourceVersion } = await h.cluster.secretReader(h.context()).listSecrets(h.namespace);
      const db = secrets.find((each) => (each as KubeObject).metadata.name === 'read-db');
      expect(db).toMatchObject({ data: { password: 'aHVudGVyMg==' } });
      expect(resourceVersion).not.toBe('');
    });
  });
}
