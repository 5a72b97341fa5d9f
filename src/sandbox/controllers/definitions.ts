import { remove } from '../delete.ts';
import { isObject, type Json, type JsonObject, type KubeObject, listAt, numberAt, stringAt, valueAt } from '../json.ts';
import type { Kind, PrinterColumn, ScalePaths } from '../kinds.ts';
import { finalizersOf, isTerminating, nameOf, namespaceOf, setFinalizers, timestamp } from '../object.ts';
import { customResource } from '../schema-openapi.ts';
import type { World } from '../world.ts';

const definitions = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };
const cleanup = 'customresourcecleanup.apiextensions.k8s.io';

/** Serves what definitions declare, and empties and ends the definitions that are terminating. True on a change. */
export function reconcileDefinitions(world: World): boolean {
  const kind = world.kinds.find(definitions.group, 'v1', definitions.resource);
  if (!kind) return false;
  let isChanged = false;
  for (const definition of world.store.list(kind)) {
    if (isTerminating(definition)) isChanged = end(world, kind, definition) || isChanged;
    else isChanged = establish(world, kind, definition) || isChanged;
  }
  return isChanged;
}

function establish(world: World, kind: Kind, definition: KubeObject): boolean {
  world.kinds.define(nameOf(definition), kindsOf(definition));
  if (listAt(definition, 'status', 'conditions').length > 0) return false;
  const at = timestamp(world.now());
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: 'True',
    lastTransitionTime: at,
    reason,
    message,
  });
  const names = valueAt(definition, 'spec', 'names') ?? {};
  const versions = listAt(definition, 'spec', 'versions');
  definition.status = {
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    acceptedNames: names,
    storedVersions: versions
      .filter((each) => valueAt(each, 'storage') === true)
      .flatMap((each) => stringAt(each, 'name') ?? []),
  };
  world.store.put(kind, definition);
  return true;
}

function end(world: World, kind: Kind, definition: KubeObject): boolean {
  if (!finalizersOf(definition).includes(cleanup)) return false;
  const [served] = kindsOf(definition);
  const left = served ? world.store.list(served) : [];
  const next = left.find((object) => !isTerminating(object));
  if (served && next) {
    remove(world, served, namespaceOf(next), nameOf(next), { ...background, dryRun: false });
    return true;
  }
  if (left.length > 0) return false;
  world.kinds.define(nameOf(definition), []);
  setFinalizers(
    definition,
    finalizersOf(definition).filter((name) => name !== cleanup),
  );
  world.store.put(kind, definition);
  return true;
}

const background = { uid: undefined, resourceVersion: undefined, propagation: 'Background', grace: 0 } as const;

const strings = (list: Json[]): string[] => list.filter((entry) => typeof entry === 'string');

/** The resources of a definition, one a served version. */
function kindsOf(definition: KubeObject): Kind[] {
  const spec = valueAt(definition, 'spec');
  const kind = stringAt(spec, 'names', 'kind') ?? '';
  return listAt(spec, 'versions')
    .filter((version) => valueAt(version, 'served') === true)
    .map((version): Kind => {
      const scale = scaleOf(version);
      return {
        group: stringAt(spec, 'group') ?? '',
        version: stringAt(version, 'name') ?? '',
        resource: stringAt(spec, 'names', 'plural') ?? '',
        singular: stringAt(spec, 'names', 'singular') ?? kind.toLowerCase(),
        kind,
        shortNames: strings(listAt(spec, 'names', 'shortNames')),
        categories: strings(listAt(spec, 'names', 'categories')),
        namespaced: stringAt(spec, 'scope') === 'Namespaced',
        hasGeneration: true,
        hasStatus: isObject(valueAt(version, 'subresources', 'status')),
        schema: customResource(valueAt(version, 'schema', 'openAPIV3Schema')),
        scale,
        subresources: scale ? ['scale'] : [],
        columns: listAt(version, 'additionalPrinterColumns').map(columnOf),
      };
    });
}

const columnOf = (column: Json): PrinterColumn => ({
  name: stringAt(column, 'name') ?? '',
  type: stringAt(column, 'type') ?? 'string',
  priority: numberAt(column, 'priority') ?? 0,
  jsonPath: stringAt(column, 'jsonPath') ?? '',
});

function scaleOf(version: Json): ScalePaths | undefined {
  const scale = valueAt(version, 'subresources', 'scale');
  if (!isObject(scale)) return undefined;
  const path = (key: string): string[] | undefined => stringAt(scale, key)?.replace(/^\./, '').split('.');
  return {
    specReplicas: path('specReplicasPath') ?? ['spec', 'replicas'],
    statusReplicas: path('statusReplicasPath') ?? ['status', 'replicas'],
    selector: path('labelSelectorPath'),
  };
}
