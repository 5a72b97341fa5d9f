import { describe, expect, it } from 'vitest';
import type { DeleteRequest, ScaleRequest } from '../../../src/domain/request.ts';
import type { ObjectRef } from '../../../src/domain/resource.ts';
import type { KubeObject } from '../../support/control-plane/kube.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { type Harness, refusal, replanned } from './harness.ts';

export function changeSuite(h: Harness): void {
  const scaleTo = async (object: ObjectRef, replicas: number): Promise<ScaleRequest> => {
    const state = (await h.planning.scale(object))!;
    return { action: 'scale', object, replicas, uid: state.uid, resourceVersion: state.resourceVersion };
  };
  const deletion = (object: ObjectRef, live: KubeObject): DeleteRequest => ({
    action: 'delete',
    object,
    uid: live.metadata.uid,
    resourceVersion: live.metadata.resourceVersion,
    propagationPolicy: 'Background',
  });

  describe.each([
    ['deployment', 'a built-in kind'],
    ['fleet', 'a CRD'],
  ])('scale of %s, %s', (fixture) => {
    it('reads and sets the replicas', async () => {
      const { object } = await h.create(fixture, { name: `scale-${fixture}` });
      expect(await h.planning.scale(object)).toMatchObject({ replicas: 2 });
      const { httpStatus } = await replanned(async () => h.send(await scaleTo(object, 5)));
      expect(httpStatus).toBe(200);
      expect((await h.live(object))?.spec.replicas).toBe(5);
      await replanned(async () => h.send(await scaleTo(object, 0)));
      expect(await h.planning.scale(object)).toMatchObject({ replicas: 0 });
    });

    it('is bound by the resourceVersion that was read', async () => {
      const { object } = await h.create(fixture, { name: `stale-${fixture}` });
      const request = { ...(await scaleTo(object, 7)), resourceVersion: '1' };
      expect(await refusal(h.send(request))).toMatchObject({ code: 'Conflict', conflict: 'race' });
      expect((await h.live(object))?.spec.replicas).toBe(2);
    });
  });

  describe('scale', () => {
    it('is not there for other kinds', async () => {
      const { object } = await h.create('configmap', { name: 'unscalable' });
      expect((await refusal(h.planning.scale(object))).code).toBe('Invalid');
      const request = { action: 'scale', object, replicas: 1, uid: 'x', resourceVersion: '1' } as const;
      const before = h.sent;
      expect((await refusal(h.send(request))).code).toBe('Invalid');
      expect(h.sent).toBe(before);
    });

    it('of what is not there is undefined', async () => {
      const { object } = await h.fixture('deployment', { name: 'never-made' });
      expect(await h.planning.scale(object)).toBeUndefined();
    });
  });

  describe('delete', () => {
    it('deletes, and then it is not there', async () => {
      const { object, live } = await h.create('configmap', { name: 'delete' });
      expect((await h.send(deletion(object, live))).httpStatus).toBe(200);
      expect(await h.live(object)).toBeUndefined();
      expect((await refusal(h.send(deletion(object, live)))).code).toBe('NotFound');
    });

    it('keeps what has another uid', async () => {
      const { object, live } = await h.create('configmap', { name: 'delete-uid' });
      const request = { ...deletion(object, live), uid: '00000000-0000-4000-8000-000000000000' };
      expect(await refusal(h.send(request))).toMatchObject({ code: 'Conflict', conflict: 'gone' });
      expect(await h.live(object)).toEqual(live);
    });

    it('keeps what was changed in between', async () => {
      const { object, live } = await h.create('configmap', { name: 'delete-race' });
      await h.kube.patch(`/api/v1/namespaces/${h.namespace}/configmaps/delete-race`, { data: { mode: 'changed' } });
      expect(await refusal(h.send(deletion(object, live)))).toMatchObject({ code: 'Conflict', conflict: 'race' });
      expect((await h.live(object))?.data.mode).toBe('changed');
    });

    it('sends nothing without the resourceVersion', async () => {
      const { object, live } = await h.create('configmap', { name: 'delete-unbound' });
      const { resourceVersion: _, ...request } = deletion(object, live);
      const before = h.sent;
      expect((await refusal(h.send(request))).code).toBe('Internal');
      expect(h.sent).toBe(before);
    });

    it('leaves what has a finalizer terminating', async () => {
      const path = `/api/v1/namespaces/${h.namespace}/configmaps`;
      const metadata = { name: 'delete-held', finalizers: ['fixtures.countersign.dev/held'] };
      const live = await h.kube.create(path, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
      const { object } = await h.fixture('configmap', { name: 'delete-held' });
      const { body } = await h.send(deletion(object, live));
      expect((body as KubeObject).metadata.deletionTimestamp).toBeTruthy();
      expect((await h.live(object))?.metadata.deletionTimestamp).toBeTruthy();
      await h.kube.patch(`${path}/delete-held`, { metadata: { finalizers: null } });
      await waitUntil('the object is gone', async () => (await h.live(object)) === undefined);
    });
  });

  describe('a grant', () => {
    it('lets a mutating request through once', async () => {
      const request = await h.createRequest('configmap', { name: 'once' });
      const handle = h.cluster.execution(h.mint.mint({ planDigest: '', requests: [request] }), h.context());
      await handle.send(request);
      const before = h.sent;
      expect((await refusal(handle.send(request))).code).toBe('Internal');
      expect(h.sent).toBe(before);
    });

    it('lets nothing through that differs', async () => {
      const request = await h.createRequest('configmap', { name: 'granted' });
      const handle = h.cluster.execution(h.mint.mint({ planDigest: '', requests: [request] }), h.context());
      const before = h.sent;
      const forced = { ...request, forceConflicts: true };
      const other = { ...request, body: { ...request.body, data: { mode: 'other' } } };
      const get = { action: 'get', object: request.object, representation: 'object' } as const;
      for (const each of [forced, other, get]) expect((await refusal(handle.send(each))).code).toBe('Internal');
      expect(h.sent).toBe(before);
      expect(await h.live(request.object)).toBeUndefined();
    });

    it('is redeemed once', async () => {
      const grant = h.mint.mint({ planDigest: '', requests: [] });
      h.cluster.execution(grant, h.context());
      expect(() => h.cluster.execution(grant, h.context())).toThrow('spent');
    });
  });
}
