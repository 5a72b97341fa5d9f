import { expect, test } from 'vitest';
import { createGateRig } from '../support/gate.ts';

/**
 * A definition in the call claims a kind that Kubernetes serves, of another scope: the object would be planned as one of no
 * namespace, past the rules about namespaces, and without a look at what is there.
 */
test('a definition of the same call does not change what a served kind is', async () => {
  const rig = await createGateRig();
  const names = { plural: 'deployments', kind: 'Deployment', singular: 'deployment' };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const versions = [{ name: 'v1', served: true, storage: true, schema }];
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'deployments.apps' },
    spec: { group: 'apps', scope: 'Cluster', names, versions },
  };
  const call = (namespace: string) => {
    const object = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: { replicas: 0 },
    };
    const manifest = `${JSON.stringify(definition)}\n---\n${JSON.stringify(object)}`;
    return rig.call('apply', { manifest, dryRun: true, reason: 'shadow' });
  };
  const elsewhere = await call('kube-public');
  expect([elsewhere.status, elsewhere.message]).toEqual(['denied', expect.stringContaining('not-public')]);
  const here = await call('shop');
  expect(JSON.stringify(here.data) + here.message).not.toContain('defined by the same call');
  expect(JSON.stringify(here.data) + here.message).toContain('Deployment shop/web');
  await rig.close();
});
