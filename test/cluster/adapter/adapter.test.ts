import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCluster } from '../../../src/cluster/open.ts';
import type { RequestContext } from '../../../src/domain/cluster.ts';
import { createGrantMint } from '../../../src/domain/grant-mint.ts';
import type { ExecRequest } from '../../../src/domain/request.ts';
import { type Kube, type KubeObject, readAudit } from '../../support/control-plane/kube.ts';
import { controlPlane, needs, testKube, testNamespace } from '../../support/control-plane/namespace.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { currentContext } from '../../support/current-context.ts';
import { gadgetDefinition, manifest } from '../../support/manifests.ts';

describe('the adapter against a real API server only', () => {
  const mint = createGrantMint();
  let kube: Kube;
  let namespace: string;
  let auditIds = 0;
  const context = (): RequestContext => ({
    invocation: '01JD6Q8Z',
    agent: 'deploy-bot',
    nextAuditId: async () => `adapter-${namespace}-${++auditIds}`,
    signal: new AbortController().signal,
  });
  const open = (changes: object = {}, kubeconfig = controlPlane().kubeconfigPath) =>
    openCluster({
      name: 'test',
      config: { kubeconfig, context: currentContext(kubeconfig), allow: [], ...changes },
      redeem: mint.redeem,
      clock: Date,
    });

  beforeAll(async () => {
    needs('controllerManager', 'scheduler', 'kwok');
    kube = await testKube();
    namespace = await testNamespace();
  });
  afterAll(() => kube.close());

  it('speaks with a client certificate too', async () => {
    const path = controlPlane().certificateKubeconfigPath;
    if (path === undefined) throw new Error('this test needs a control plane of its own');
    const cluster = open({}, path);
    const system = await kube.get('/api/v1/namespaces/kube-system');
    expect((await cluster.identity(context())).uid).toBe(system?.metadata.uid);
    await cluster.close();
  });

  it('tells what RBAC forbids from what is not there', async () => {
    const cluster = open({ tiers: { plan: { user: 'countersign-test-nobody', groups: [] } } });
    const planning = cluster.planning(context());
    const type = await planning.resolve('configmaps');
    const error = await planning.get({ type, namespace, name: 'anything' }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'Forbidden', httpStatus: 403 });
    expect(error.message).toContain('RBAC');
    expect(error.upstream).toContain('countersign-test-nobody');
    await cluster.close();
  });

  it('finds a custom resource right after its definition was applied', async () => {
    const cluster = open();
    const planning = cluster.planning(context());
    const crdType = await planning.resolveKind('apiextensions.k8s.io/v1', 'CustomResourceDefinition');
    const group = `late-${namespace}.fixtures.countersign.dev`;
    const body = gadgetDefinition(group);
    const object = { type: crdType, namespace: undefined, name: body.metadata.name };
    const apply = { action: 'apply', mode: 'create', object, body, forceConflicts: false } as const;
    await expect(planning.resolveKind(`${group}/v1`, 'Gadget')).rejects.toMatchObject({ code: 'Invalid' });
    await cluster.execution(mint.mint({ planDigest: '', requests: [apply] }), context()).send(apply);
    const type = await waitUntil('the kind is known', () =>
      planning.resolveKind(`${group}/v1`, 'Gadget').catch(() => undefined),
    );
    expect(type).toMatchObject({ servedBy: 'crd', resource: 'gadgets' });
    await kube.delete(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${body.metadata.name}`);
    await cluster.close();
  });

  it('says that a namespace is being deleted, which the server calls forbidden', async () => {
    const name = `${namespace}-ending`;
    await kube.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
    const held = { name: 'held', finalizers: ['fixtures.countersign.dev/held'] };
    const path = `/api/v1/namespaces/${name}/configmaps`;
    await kube.create(path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: held });
    await kube.delete(`/api/v1/namespaces/${name}`);
    const cluster = open();
    const planning = cluster.planning(context());
    const type = await planning.resolve('configmaps');
    const object = { type, namespace: name, name: 'settings' };
    const body = manifest('configmap', name);
    const error = await planning
      .dryRunApply({ action: 'apply', mode: 'create', object, body, forceConflicts: false })
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'Conflict', conflict: 'gone' });
    await kube.patch(`${path}/held`, { metadata: { finalizers: null } });
    await cluster.close();
  });

  it('leaves its Audit-ID, and the agent behind an impersonated writer, in the audit log of the cluster', async () => {
    const { auditLogPath } = controlPlane();
    if (auditLogPath === undefined) throw new Error('this test needs a control plane of its own');
    await kube.create(`/api/v1/namespaces/${namespace}/pods`, manifest('pod', namespace));
    const pod = await waitUntil('the pod runs', async () => {
      const found = await kube.get(`/api/v1/namespaces/${namespace}/pods/shell`);
      return found?.status?.containerStatuses?.[0]?.state?.running === undefined ? undefined : found;
    });
    const writer = 'countersign-test-writer';
    const asWriter = { user: writer, groups: ['writers', 'apps'] };
    await kube.create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'writer' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: writer }],
    });
    const cluster = open({ tiers: { read: asWriter, exec: asWriter } });
    const status: KubeObject = pod.status.containerStatuses[0];
    const request: ExecRequest = {
      action: 'exec',
      object: { type: await cluster.planning(context()).resolve('pods'), namespace, name: 'shell' },
      container: 'main',
      command: ['echo', 'audited'],
      timeoutSeconds: 10,
      uid: pod.metadata.uid,
      containerId: status.containerID,
      restartCount: status.restartCount,
      startedAt: status.state.running.startedAt,
    };
    const before = auditIds;
    const handle = await waitUntil('the right is in effect', async () => {
      const get = { action: 'get', object: request.object, representation: 'object' } as const;
      const execution = cluster.execution(mint.mint({ planDigest: '', requests: [get, request] }), context());
      return execution.send(get).then(
        () => execution,
        () => undefined,
      );
    });
    expect((await handle.exec(request, async () => undefined)).exitCode).toBe(0);
    const line = await waitUntil('the exec is in the audit log', async () =>
      (await readAudit(auditLogPath)).find(
        (each) => each.auditID.startsWith(`adapter-${namespace}-`) && each.objectRef?.subresource === 'exec',
      ),
    );
    expect(Number(line.auditID.split('-').at(-1))).toBeGreaterThan(before);
    const seen: KubeObject = line;
    expect(seen.impersonatedUser).toMatchObject({
      username: writer,
      groups: ['writers', 'apps', 'system:authenticated'],
      extra: { 'countersign.dev/agent': ['deploy-bot'], 'countersign.dev/invocation': ['01JD6Q8Z'] },
    });
    await cluster.close();
  });
});
