import { type KubeObject, listAt, objectAt } from './json.ts';
import type { Kind } from './kinds.ts';
import { finalizersOf, isTerminating, nameOf, namespaceOf } from './object.ts';
import { ApiError, forbidden, notFound } from './status.ts';
import type { World } from './world.ts';

/** The namespace of something new must be there and stay: 404, or 403 with the cause NamespaceTerminating. */
export function requireNamespace(world: World, kind: Kind, object: KubeObject): void {
  if (!kind.namespaced) return;
  const name = namespaceOf(object);
  const namespaces = { group: '', resource: 'namespaces', kind: 'Namespace' };
  const namespace = world.store.get(namespaces, '', name);
  if (!namespace) throw notFound(namespaces, name);
  if (!isTerminating(namespace)) return;
  const message = `namespace ${name} is being terminated`;
  throw forbidden(kind, nameOf(object), `unable to create new content in ${message.replace(' is', ' because it is')}`, [
    { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' },
  ]);
}

/** `default`, `kube-system` and the like are never deleted. */
export function requireDeletable(kind: Kind, name: string): void {
  const isKept = ['default', 'kube-system', 'kube-public'].includes(name);
  if (kind.kind === 'Namespace' && kind.group === '' && isKept)
    throw new ApiError(403, 'Forbidden', `namespaces "${name}" is forbidden: this namespace may not be deleted`, {
      name,
      kind: 'namespaces',
    });
}

/** Two of the warnings that the real server sends: a deprecated node label, an unqualified finalizer. */
export function warningsFor(object: KubeObject): string[] {
  const spec = object.kind === 'Pod' ? ['spec'] : ['spec', 'template', 'spec'];
  const old = Object.keys(objectAt(object, ...spec, 'nodeSelector')).filter((key) =>
    key.startsWith('beta.kubernetes.io/'),
  );
  const path = [...spec, 'nodeSelector'].join('.');
  const labels = old.map(
    (key) => `${path}[${key}]: deprecated since v1.14; use "kubernetes.io/${key.split('/')[1]}" instead`,
  );
  const names =
    listAt(object, ...spec, 'containers').length > 0 || object.spec !== undefined ? finalizersOf(object) : [];
  const finalizers = names
    .filter((name) => !name.includes('/') && !['orphan', 'foregroundDeletion'].includes(name))
    .map(
      (name) =>
        `metadata.finalizers: "${name}": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers`,
    );
  return [...labels, ...finalizers];
}
