import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { KubeObject } from './control-plane/kube.ts';

const folder = new URL('../../fixtures/manifests/', import.meta.url);

/** Every namespaced kind that the fixtures have; each file is one document without a namespace. */
export const namespacedManifests = [
  'configmap',
  'cronjob',
  'daemonset',
  'deployment',
  'fleet',
  'horizontalpodautoscaler',
  'ingress',
  'job',
  'networkpolicy',
  'persistentvolumeclaim',
  'pod',
  'poddisruptionbudget',
  'role',
  'rolebinding',
  'secret',
  'service',
  'serviceaccount',
  'statefulset',
  'widget',
] as const;

/** `fixtures/manifests/NAME.yaml`, fresh each time, in the namespace that is given. */
export function manifest(name: string, namespace?: string): KubeObject {
  const object: KubeObject = parse(readFileSync(fileURLToPath(new URL(`${name}.yaml`, folder)), 'utf8'));
  return namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
}

/** The CRDs that `widget` and `fleet` are made from. */
export const crdManifests = ['widget-crd', 'fleet-crd'] as const;

/**
 * The fixture's definition in a group of its own, by other names: whoever asks for `widgets` meanwhile, in the same cluster, is
 * answered as before.
 */
export function gadgetDefinition(group: string): KubeObject {
  const { spec, ...crd } = manifest('widget-crd');
  const names = { plural: 'gadgets', singular: 'gadget', kind: 'Gadget' };
  return { ...crd, metadata: { name: `gadgets.${group}` }, spec: { ...spec, group, names } };
}
