import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../support/control-plane/kube.ts';
import { namespacedManifests } from '../../support/manifests.ts';
import { type Harness, refusal, replanned, updateRequest } from './harness.ts';

/** What people want of it, without what the scheduler and controllers write. */
function wanted(object: KubeObject): unknown {
  const { nodeName: _, ...spec } = object.spec ?? {};
  return [spec, object.data, object.rules, object.subjects];
}

export function applySuite(h: Harness): void {
  describe('apply', () => {
    it.each(namespacedManifests)(
      'creates %s, and a dry run changes neither it nor anything before it',
      async (name) => {
        const request = await h.createRequest(name, { name: `each-${name}` });
        const dry = await h.planning.dryRunApply(request);
        expect(dry.object).toMatchObject({ kind: request.object.type.kind, metadata: { name: request.object.name } });
        expect(await h.live(request.object)).toBeUndefined();

        const { httpStatus } = await h.send(request);
        expect(httpStatus).toBe(201);
        const live = (await h.live(request.object))!;
        const labelled = {
          ...request.body,
          metadata: { ...(request.body.metadata as object), labels: { dry: 'run' } },
        };
        const again = await replanned(async () =>
          h.planning.dryRunApply(updateRequest(request.object, (await h.live(request.object))!, labelled)),
        );
        expect(again.object).toMatchObject({ metadata: { labels: { dry: 'run' } } });
        const after = (await h.live(request.object))!;
        expect(after.metadata.uid).toBe(live.metadata.uid);
        expect(after.metadata.labels?.dry).toBeUndefined();
        expect(wanted(after)).toEqual(wanted(live));
      },
    );

    it('updates what was read', async () => {
      const { object, live } = await h.create('configmap', { name: 'update' });
      const { body } = await h.fixture('configmap', { name: 'update' });
      const { httpStatus } = await h.send(updateRequest(object, live, { ...body, data: { mode: 'test' } }));
      expect(httpStatus).toBe(200);
      expect((await h.live(object))?.data).toEqual({ mode: 'test' });
    });

    it('does not create what somebody else was faster with', async () => {
      const request = await h.createRequest('configmap', { name: 'faster' });
      await h.send(request);
      const before = await h.live(request.object);
      expect(await refusal(h.send(request))).toMatchObject({ code: 'Conflict', conflict: 'exists', httpStatus: 409 });
      expect((await refusal(h.planning.dryRunApply(request))).conflict).toBe('exists');
      expect(await h.live(request.object)).toEqual(before);
    });

    it('does not write over what was changed in between', async () => {
      const { object, live } = await h.create('configmap', { name: 'race' });
      await h.kube.patch(`/api/v1/namespaces/${h.namespace}/configmaps/race`, {
        metadata: { labels: { by: 'other' } },
      });
      const before = await h.live(object);
      const { body } = await h.fixture('configmap', { name: 'race' });
      const update = updateRequest(object, live, { ...body, data: { mode: 'late' } });
      expect(await refusal(h.send(update))).toMatchObject({ code: 'Conflict', conflict: 'race' });
      expect(await h.live(object)).toEqual(before);
    });

    it('does not create again what vanished', async () => {
      const { object, live } = await h.create('configmap', { name: 'vanished' });
      await h.kube.delete(`/api/v1/namespaces/${h.namespace}/configmaps/vanished`);
      const { body } = await h.fixture('configmap', { name: 'vanished' });
      const error = await refusal(h.send(updateRequest(object, live, body)));
      expect(error).toMatchObject({ code: 'Conflict', conflict: 'gone' });
      expect(await h.live(object)).toBeUndefined();
    });

    it('does not touch an object that was made again under the same name', async () => {
      const { object, live } = await h.create('configmap', { name: 'again' });
      await h.kube.delete(`/api/v1/namespaces/${h.namespace}/configmaps/again`);
      const made = (await h.create('configmap', { name: 'again' })).live;
      const { body } = await h.fixture('configmap', { name: 'again' });
      const update = { ...updateRequest(object, live, body), resourceVersion: made.metadata.resourceVersion };
      expect(await refusal(h.send(update))).toMatchObject({ code: 'Conflict', conflict: 'gone' });
      expect((await h.live(object))?.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    });

    it('names the manager of a field that belongs to somebody else, and takes it only by force', async () => {
      const { body, object } = await h.fixture('configmap', { name: 'owned' });
      const path = `/api/v1/namespaces/${h.namespace}/configmaps/owned`;
      const live = await h.kube.apply(path, { ...body, data: { mode: 'theirs' } }, 'their-controller');
      const update = updateRequest(object, live, { ...body, data: { mode: 'ours' } });
      for (const error of [await refusal(h.planning.dryRunApply(update)), await refusal(h.send(update))]) {
        expect(error).toMatchObject({ code: 'Conflict', conflict: 'ownership' });
        expect(error.conflicts).toEqual([{ manager: 'their-controller', field: '.data.mode' }]);
      }
      expect((await h.live(object))?.data).toEqual({ mode: 'theirs' });
      await h.send({ ...update, forceConflicts: true });
      const after = await h.live(object);
      expect(after?.data).toEqual({ mode: 'ours' });
      expect(after?.metadata.managedFields.map((each: { manager: string }) => each.manager)).toContain('countersign');
    });

    it('finds an unknown field and a wrong type in the manifest', async () => {
      const { body, object } = await h.fixture('deployment', { name: 'broken' });
      const create = { action: 'apply', mode: 'create', object, forceConflicts: false } as const;
      const spec = body.spec as object;
      for (const wrong of [
        { ...spec, replicsa: 3 },
        { ...spec, replicas: 'three' },
      ]) {
        const request = { ...create, body: { ...body, spec: wrong } };
        expect((await refusal(h.planning.dryRunApply(request))).code).toBe('Invalid');
        expect((await refusal(h.send(request))).code).toBe('Invalid');
      }
      expect(await h.live(object)).toBeUndefined();
    });

    it('keeps what the server quotes out of its own message', async () => {
      const { body, object } = await h.fixture('secret', { name: 'quoted' });
      const wrong = { ...body, stringData: undefined, data: { password: 'not base64: hunter2!' } } as never;
      const error = await refusal(
        h.send({ action: 'apply', mode: 'create', object, body: wrong, forceConflicts: false }),
      );
      expect(error.code).toBe('Invalid');
      expect(`${error.message} ${error.hint}`).not.toContain('hunter2');
      expect(error.upstream).toBeTruthy();
    });

    it('says that the namespace is not there', async () => {
      const { body, object } = await h.fixture('configmap');
      const request = {
        action: 'apply',
        mode: 'create',
        object: { ...object, namespace: 'there-is-none' },
        body: { ...body, metadata: { name: object.name, namespace: 'there-is-none' } },
        forceConflicts: false,
      } as const;
      const error = await refusal(h.planning.dryRunApply(request));
      expect(error.code).toBe('NotFound');
      expect(error.message).toContain('the namespace does not exist');
    });

    it.each([
      ['another name', { metadata: { name: 'other' } }],
      ['another kind', { kind: 'Secret' }],
      ['another namespace', { metadata: { name: 'mixed', namespace: 'kube-system' } }],
      ['a resourceVersion of its own', { metadata: { name: 'mixed', resourceVersion: '0' } }],
    ])('sends nothing where the body has %s', async (_, changes) => {
      const { body, object } = await h.fixture('configmap', { name: 'mixed' });
      const before = h.sent;
      const request = {
        action: 'apply',
        mode: 'create',
        object,
        body: { ...body, ...changes },
        forceConflicts: false,
      } as const;
      expect((await refusal(h.send(request))).code).toBe('Internal');
      expect((await refusal(h.planning.dryRunApply(request))).code).toBe('Internal');
      expect(h.sent).toBe(before);
    });

    it('sends no update without its preconditions', async () => {
      const { object, live } = await h.create('configmap', { name: 'unbound' });
      const { body } = await h.fixture('configmap', { name: 'unbound' });
      const { resourceVersion: _, ...noVersion } = updateRequest(object, live, body);
      const { uid: __, ...noUid } = updateRequest(object, live, body);
      const before = h.sent;
      for (const request of [noVersion, noUid, { ...noVersion, resourceVersion: '0' }]) {
        expect((await refusal(h.send(request))).code).toBe('Internal');
      }
      expect(h.sent).toBe(before);
    });
  });
}
