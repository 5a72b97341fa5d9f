import type { JsonObject } from './json.ts';
import { apiVersionOf, type Kind, type Kinds } from './kinds.ts';

/** What the sandbox does with a resource; watch, update and deletecollection it does not, and does not claim. */
const verbs = ['create', 'delete', 'get', 'list', 'patch'];

const scaleKind: JsonObject = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

function subresource(name: string): JsonObject {
  if (name === 'scale') return { subresource: 'scale', responseKind: scaleKind, verbs: ['get', 'patch'] };
  if (name === 'exec')
    return {
      subresource: 'exec',
      responseKind: { group: '', version: 'v1', kind: 'PodExecOptions' },
      verbs: ['create', 'get'],
    };
  return { subresource: name, responseKind: { group: '', version: 'v1', kind: 'Pod' }, verbs: ['get'] };
}

function described(kind: Kind): JsonObject {
  const entry: JsonObject = {
    resource: kind.resource,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs,
  };
  if (kind.shortNames.length > 0) entry.shortNames = [...kind.shortNames];
  if (kind.categories.length > 0) entry.categories = [...kind.categories];
  if (kind.subresources.length > 0) entry.subresources = kind.subresources.map(subresource);
  return entry;
}

function groups(kinds: readonly Kind[]): Map<string, Map<string, Kind[]>> {
  const found = new Map<string, Map<string, Kind[]>>();
  for (const kind of kinds) {
    const versions = found.get(kind.group) ?? new Map<string, Kind[]>();
    found.set(kind.group, versions);
    versions.set(kind.version, [...(versions.get(kind.version) ?? []), kind]);
  }
  return found;
}

/** `APIGroupDiscoveryList` (apidiscovery.k8s.io/v2) of the core group (`/api`) or of all others (`/apis`). */
export function aggregated(kinds: Kinds, isCore: boolean): JsonObject {
  const items = [...groups(kinds.all().filter((kind) => (kind.group === '') === isCore))].map(([group, versions]) => ({
    metadata: group === '' ? {} : { name: group },
    versions: [...versions].map(([version, resources]) => ({
      version,
      resources: resources.map(described),
      freshness: 'Current',
    })),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

/** The answers of `/api` and `/apis` to clients that do not ask for aggregated discovery. */
export function legacyRoot(kinds: Kinds, isCore: boolean): JsonObject {
  if (isCore) return { kind: 'APIVersions', versions: ['v1'] };
  const named = [...groups(kinds.all().filter((kind) => kind.group !== ''))].map(([name, versions]) => {
    const served = [...versions.keys()].map((version) => ({ groupVersion: `${name}/${version}`, version }));
    return { name, versions: served, preferredVersion: served[0] ?? {} };
  });
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: named };
}

/** `APIResourceList` of one group and version; undefined when it is not served. */
export function legacyResources(kinds: Kinds, group: string, version: string): JsonObject | undefined {
  const found = kinds.all().filter((kind) => kind.group === group && kind.version === version);
  const [first] = found;
  if (!first) return undefined;
  const resources = found.flatMap((kind): JsonObject[] => [
    {
      name: kind.resource,
      singularName: kind.singular,
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs,
      shortNames: [...kind.shortNames],
      categories: [...kind.categories],
    },
    ...kind.subresources.map((name) => ({
      name: `${kind.resource}/${name}`,
      singularName: '',
      namespaced: kind.namespaced,
      kind: name === 'scale' ? 'Scale' : kind.kind,
      verbs: name === 'scale' ? ['get', 'patch'] : ['get'],
    })),
  ]);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf(first), resources };
}
