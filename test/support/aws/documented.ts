import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Kube, KubeObject } from '../control-plane/kube.ts';
import { waitUntil } from '../control-plane/wait-until.ts';

const plurals: Readonly<Record<string, string>> = {
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  RoleBinding: 'rolebindings',
};

/** The manifests of docs/kubernetes in force, under names of this test's own; and how to take them away. */
export interface Documented {
  /** The user of a tier: `planner`, `reader`, `writer`, `exec`, `masker`. */
  user(name: string): string;
  /** The group of a tier's role: `plan`, `read`, `write`, `exec`, `mask`. */
  group(name: string): string;
  remove(): Promise<void>;
}

/**
 * As an operator applies them to EKS, with the namespace changed as they say; names are those of this test, since other tests
 * apply the same manifests to the same API server.
 */
export async function applyDocumented(kube: Kube, namespace: string): Promise<Documented> {
  const own = `cs${namespace.replace(/[^a-z0-9]/g, '')}`;
  const files = ['planner.yaml', 'tiers.yaml', 'namespace.yaml', 'eks.yaml'];
  const objects = files.flatMap((file) => {
    const text = readFileSync(join(import.meta.dirname, '../../../docs/kubernetes', file), 'utf8');
    const renamed = text
      .replaceAll('countersign-', `${own}-`)
      .replaceAll('countersign:', `${own}:`)
      .replaceAll('namespace: shop', `namespace: ${namespace}`);
    return parseAllDocuments(renamed).flatMap((document): KubeObject[] => document.toJS() ?? []);
  });
  for (const each of objects) await kube.apply(pathOf(each), each, 'documented', true);
  const planner = { 'impersonate-user': `${own}-planner` };
  await waitUntil('rights and policy are in effect', async () => {
    const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'probe-' } };
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const { status, body } = await kube.send('POST', path, probe, planner);
    return status === 403 && JSON.stringify(body).includes('may only dry-run');
  });
  return {
    user: (name) => `${own}-${name}`,
    group: (name) => `${own}:${name}`,
    remove: async () => {
      for (const each of [...objects].reverse()) await kube.send('DELETE', pathOf(each));
    },
  };
}

function pathOf(object: KubeObject): string {
  const { name, namespace } = object.metadata;
  const where = namespace === undefined ? '' : `namespaces/${namespace}/`;
  return `/apis/${object.apiVersion}/${where}${plurals[object.kind]}/${name}`;
}
