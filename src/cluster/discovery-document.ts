import { isJsonObject, type Json, listAt, stringAt } from '../domain/json.ts';
import type { ResourceType } from '../domain/resource.ts';

/** Groups that kube-apiserver serves itself. A group that is not here is a CRD's or another server's. */
export const builtInGroups: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
]);

/** One version of one resource; the first version of a group that has it is the one the server prefers. */
export interface ServedType {
  readonly type: ResourceType;
  readonly preferred: boolean;
}

/** An APIGroupDiscoveryList (apidiscovery.k8s.io), of `/api` or `/apis`. `isCrd` says who serves what is not built in. */
export function servedTypes(document: Json, isCrd: (name: string) => boolean): readonly ServedType[] {
  return listAt(document, 'items').flatMap((item) => {
    const group = stringAt(item, 'metadata', 'name') ?? '';
    const seen = new Set<string>();
    return listAt(item, 'versions').flatMap((version) =>
      listAt(version, 'resources').flatMap((resource) => {
        const type = resourceType(group, stringAt(version, 'version') ?? '', resource, isCrd);
        if (type === undefined) return [];
        const preferred = !seen.has(type.resource);
        seen.add(type.resource);
        return [{ type, preferred }];
      }),
    );
  });
}

function resourceType(
  group: string,
  version: string,
  entry: Json,
  isCrd: (name: string) => boolean,
): ResourceType | undefined {
  const resource = stringAt(entry, 'resource');
  const kind = stringAt(entry, 'responseKind', 'kind');
  // an entry without a kind only carries subresources
  if (!isJsonObject(entry) || resource === undefined || kind === undefined || kind === '') return undefined;
  const singular = stringAt(entry, 'singularResource');
  return {
    group,
    version,
    resource,
    kind,
    singular: singular === undefined || singular === '' ? kind.toLowerCase() : singular,
    shortNames: strings(entry.shortNames),
    namespaced: entry.scope === 'Namespaced',
    verbs: strings(entry.verbs),
    subresources: listAt(entry, 'subresources').flatMap((each) => stringAt(each, 'subresource') ?? []),
    servedBy: builtInGroups.has(group) ? 'built-in' : isCrd(`${resource}.${group}`) ? 'crd' : 'aggregated',
  };
}

export const hasOtherGroups = (document: Json): boolean =>
  listAt(document, 'items').some((item) => !builtInGroups.has(stringAt(item, 'metadata', 'name') ?? ''));

const strings = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
