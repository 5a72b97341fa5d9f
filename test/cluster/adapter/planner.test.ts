import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { openCluster } from '../../../src/cluster/open.ts';
import type { RequestContext } from '../../../src/domain/cluster.ts';
import { createGrantMint } from '../../../src/domain/grant-mint.ts';
import type { Kube, KubeObject } from '../../support/control-plane/kube.ts';
import { controlPlane, needs, testKube, testNamespace } from '../../support/control-plane/namespace.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { currentContext } from '../../support/current-context.ts';
import { manifest } from '../../support/manifests.ts';

const documents: KubeObject[] = parseAllDocuments(
  readFileSync(fileURLToPath(new URL('../../../docs/kubernetes/planner.yaml', import.meta.url)), 'utf8'),
).map((document) => document.toJS());

const plurals: Record<string, string> = {
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
};
const pathOf = (object: KubeObject): string =>
  `/apis/${object.apiVersion}/${plurals[object.kind]}/${object.metadata.name}`;

/** Impersonated, as Countersign does it. */
const planner = { 'impersonate-user': 'countersign-planner' };
const everything = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'test-planner-may-everything' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'countersign-planner' }],
};

describe('docs/kubernetes/planner.yaml', () => {
  let kube: Kube;
  let namespace: string;

  beforeAll(async () => {
    needs('controllerManager', 'scheduler', 'kwok');
    kube = await testKube();
    namespace = await testNamespace();
    for (const each of documents) await kube.apply(pathOf(each), each, 'planner-test', true);
    const settings = { ...manifest('configmap', namespace), data: { mode: 'test' } };
    await kube.create(`/api/v1/namespaces/${namespace}/configmaps`, settings);
    await kube.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, manifest('deployment', namespace));
    await kube.create(`/api/v1/namespaces/${namespace}/pods`, manifest('pod', namespace));
    await waitUntil('the pod runs', async () => {
      const pod = await kube.get(`/api/v1/namespaces/${namespace}/pods/shell`);
      return pod?.status?.phase === 'Running';
    });
  });

  afterAll(async () => {
    const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
    await kube.send('DELETE', `${bindings}/${everything.metadata.name}`);
    for (const each of documents) await kube.send('DELETE', pathOf(each));
    await kube.close();
  });

  const configMaps = () => `/api/v1/namespaces/${namespace}/configmaps`;
  const merge = { ...planner, 'content-type': 'application/merge-patch+json' };
  const ssa = { ...planner, 'content-type': 'application/apply-patch+yaml' };

  describe('with the rights that it gives', () => {
    it('lets the adapter read and dry-run as the planner, and nothing changes', async () => {
      const kubeconfig = controlPlane().kubeconfigPath;
      const context: RequestContext = {
        invocation: '01JD6Q8Z',
        agent: 'deploy-bot',
        person: 'li@example.com',
        nextAuditId: async () => 'planner-test',
        signal: new AbortController().signal,
      };
      const cluster = openCluster({
        name: 'test',
        config: {
          kubeconfig,
          context: currentContext(kubeconfig),
          allow: [],
          tiers: { plan: { user: 'countersign-planner', groups: [] } },
        },
        redeem: createGrantMint().redeem,
        clock: Date,
      });
      const planning = cluster.planning(context);
      const type = await planning.resolve('cm');
      const object = { type, namespace, name: 'settings' };
      const live = (await planning.get(object)) as KubeObject;
      const { uid, resourceVersion } = live.metadata;
      const body: KubeObject = { ...manifest('configmap', namespace), data: { dry: 'run' } };
      const bound = { ...body, metadata: { ...body.metadata, uid } };
      const request = {
        action: 'apply',
        mode: 'update',
        object,
        body: bound,
        forceConflicts: true,
        uid,
        resourceVersion,
      } as const;
      expect((await planning.dryRunApply(request)).object).toMatchObject({ data: { dry: 'run' } });
      expect(await kube.get(`${configMaps()}/settings`)).toEqual(live);
      await cluster.close();
    });
  });

  describe('with every right that RBAC can give', () => {
    beforeAll(async () => {
      await kube.apply(
        `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${everything.metadata.name}`,
        everything,
        'planner-test',
      );
      await waitUntil('right and policy are in effect', async () => {
        const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'probe-' } };
        const { status, body } = await kube.send('POST', configMaps(), probe, planner);
        return status === 403 && JSON.stringify(body).includes('may only dry-run');
      });
    });

    const writes: readonly [string, string, string, unknown, Record<string, string>][] = [
      ['create', 'POST', 'configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made' } }, planner],
      ['patch', 'PATCH', 'configmaps/settings', { data: { mode: 'patched' } }, merge],
      [
        'apply that creates',
        'PATCH',
        'configmaps/applied?fieldManager=x&force=false',
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' } },
        ssa,
      ],
      ['a dry run that is misspelt', 'PATCH', 'configmaps/settings?dryrun=All', { data: { mode: 'patched' } }, merge],
      ['delete', 'DELETE', 'configmaps/settings', undefined, planner],
      [
        'the delete that looks like a dry run',
        'DELETE',
        'configmaps/settings?dryRun=All',
        { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
        planner,
      ],
      ['delete of a collection', 'DELETE', 'configmaps', undefined, planner],
      [
        'evict',
        'POST',
        'pods/shell/eviction',
        { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'shell' } },
        planner,
      ],
      ['exec', 'POST', 'pods/shell/exec?command=echo&command=x&stdout=true', undefined, planner],
      ['port-forward', 'POST', 'pods/shell/portforward', undefined, planner],
      [
        'a token of a service account',
        'POST',
        'serviceaccounts/default/token',
        { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
        planner,
      ],
    ];

    it.each(writes)('denies %s', async (_, method, path, body, headers) => {
      const before = await kube.get(`${configMaps()}/settings`);
      const answer = await kube.send(method, `/api/v1/namespaces/${namespace}/${path}`, body, headers);
      expect(JSON.stringify(answer.body)).toContain('countersign-planner may only dry-run');
      expect(answer.status).toBe(403);
      expect(await kube.get(`${configMaps()}/settings`)).toEqual(before);
      expect(await kube.get(`/api/v1/namespaces/${namespace}/pods/shell`)).toMatchObject({
        status: { phase: 'Running' },
      });
    });

    it('denies scale', async () => {
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
      const answer = await kube.send('PATCH', `${path}/scale`, { spec: { replicas: 9 } }, merge);
      expect(answer.status).toBe(403);
      expect((await kube.get(path))?.spec.replicas).toBe(2);
    });

    it('lets dry runs through', async () => {
      const before = await kube.get(`${configMaps()}/settings`);
      const patch = { data: { mode: 'dry' } };
      const answer = await kube.send('PATCH', `${configMaps()}/settings?dryRun=All`, patch, merge);
      expect(answer.status).toBe(200);
      expect(await kube.get(`${configMaps()}/settings`)).toEqual(before);
    });

    it('cannot hold back a planner that may write admission policies, so the shipped role leaves them out', async () => {
      const binding = documents.find((each) => each.kind === 'ValidatingAdmissionPolicyBinding')!;
      const answer = await kube.send('PATCH', pathOf(binding), { metadata: { labels: { by: 'planner' } } }, merge);
      expect(answer.status).toBe(200);
      const role = documents.find(
        (each) => each.kind === 'ClusterRole' && each.metadata.name === 'countersign-planner',
      )!;
      const writable = role.rules.filter(
        (rule: KubeObject) => !rule.verbs.every((verb: string) => /get|list/.test(verb)),
      );
      expect(writable.flatMap((rule: KubeObject) => rule.apiGroups)).not.toContain('admissionregistration.k8s.io');
      expect(writable.flatMap((rule: KubeObject) => rule.apiGroups)).not.toContain('*');
    });
  });
});
