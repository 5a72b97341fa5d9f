import type { PlanningHandle } from '../../domain/cluster.ts';
import type { ObjectEffect } from '../../domain/effect.ts';
import { CountersignError } from '../../domain/errors.ts';
import { isJsonObject, type JsonObject, listAt, objectAt, stringAt } from '../../domain/json.ts';
import { type ObjectRef, type ResourceType, resourceGroup } from '../../domain/resource.ts';

type Counts = NonNullable<ObjectEffect['deletesWith']>;

/** Kinds that controllers own other kinds' objects by: where owner references are looked for below a single object. */
const ownedKinds: readonly (readonly [apiVersion: string, kind: string])[] = [
  ['apps/v1', 'ReplicaSet'],
  ['batch/v1', 'Job'],
  ['v1', 'Pod'],
  ['apps/v1', 'ControllerRevision'],
  ['v1', 'PersistentVolumeClaim'],
  ['discovery.k8s.io/v1', 'EndpointSlice'],
];

/**
 * What goes with a delete, counted per resource: a namespace's contents, the objects of a CRD, else what owner references
 * name, down the tree. A count is undefined where it may not or cannot be read: people then read "not counted".
 */
export async function countDependents(
  planning: PlanningHandle,
  object: ObjectRef,
  live: JsonObject,
  uid: string,
): Promise<Counts> {
  const group = resourceGroup(object.type);
  if (group === 'namespaces') return countNamespace(planning, object.name);
  if (group === 'customresourcedefinitions.apiextensions.k8s.io') return countCustomResources(planning, live);
  return object.namespace === undefined ? [] : countOwned(planning, object.namespace, uid);
}

async function countNamespace(planning: PlanningHandle, namespace: string): Promise<Counts> {
  const types = (await planning.types()).filter(
    (type) => type.namespaced && type.verbs.includes('list') && !isEvent(type),
  );
  const counts = await Promise.all(
    types.map(async (type) => ({ resourceGroup: resourceGroup(type), count: await total(planning, type, namespace) })),
  );
  return counts.filter(({ count }) => count !== 0);
}

const isEvent = (type: ResourceType): boolean => type.resource === 'events';

async function countCustomResources(planning: PlanningHandle, definition: JsonObject): Promise<Counts> {
  const group = stringAt(definition, 'spec', 'group') ?? '';
  const kind = stringAt(definition, 'spec', 'names', 'kind') ?? '';
  const plural = stringAt(definition, 'spec', 'names', 'plural') ?? '';
  const version = listAt(definition, 'spec', 'versions').find((each) => isJsonObject(each) && each.served === true);
  const name = stringAt(version, 'name');
  if (name === undefined) return [];
  try {
    const type = await planning.resolveKind(`${group}/${name}`, kind);
    const count = await total(planning, type, undefined);
    return count === 0 ? [] : [{ resourceGroup: `${plural}.${group}`, count }];
  } catch {
    return [{ resourceGroup: `${plural}.${group}`, count: undefined }];
  }
}

async function total(
  planning: PlanningHandle,
  type: ResourceType,
  namespace: string | undefined,
): Promise<number | undefined> {
  try {
    const list = await planning.listMetadata({ type, namespace, limit: 1 });
    return list.total ?? (list.more ? undefined : list.items.length);
  } catch (thrown) {
    if (thrown instanceof CountersignError) return undefined;
    throw thrown;
  }
}

async function countOwned(planning: PlanningHandle, namespace: string, uid: string): Promise<Counts> {
  const levels = await Promise.all(
    ownedKinds.map(([apiVersion, kind]) => ownersIn(planning, apiVersion, kind, namespace)),
  );
  const going = new Set([uid]);
  for (let grown = true; grown; ) {
    const before = going.size;
    for (const { items } of levels)
      for (const item of items) if (item.owners.some((owner) => going.has(owner))) going.add(item.uid);
    grown = going.size > before;
  }
  return levels.flatMap(({ name, items, complete }): Counts => {
    const count = items.filter((item) => item.uid !== uid && going.has(item.uid)).length;
    if (!complete) return [{ resourceGroup: name, count: undefined }];
    return count === 0 ? [] : [{ resourceGroup: name, count }];
  });
}

interface Level {
  readonly name: string;
  readonly items: readonly { readonly uid: string; readonly owners: readonly string[] }[];
  readonly complete: boolean;
}

async function ownersIn(planning: PlanningHandle, apiVersion: string, kind: string, namespace: string): Promise<Level> {
  let type: ResourceType;
  try {
    type = await planning.resolveKind(apiVersion, kind);
  } catch {
    // A cluster that does not serve the kind has no objects of it.
    return { name: kind, items: [], complete: true };
  }
  try {
    const { items, more } = await planning.listMetadata({ type, namespace, limit: 5000 });
    return { name: resourceGroup(type), items: items.map(ownersOf), complete: !more };
  } catch (thrown) {
    if (thrown instanceof CountersignError) return { name: resourceGroup(type), items: [], complete: false };
    throw thrown;
  }
}

const ownersOf = (item: JsonObject): Level['items'][number] => ({
  uid: stringAt(objectAt(item, 'metadata'), 'uid') ?? '',
  owners: listAt(item, 'metadata', 'ownerReferences').flatMap((owner) => stringAt(owner, 'uid') ?? []),
});
