import type { JsonObject, KubeObject } from '../json.ts';
import { equal, listAt, stringAt, valueAt } from '../json.ts';
import type { FieldMap, FieldPath } from './fields.ts';
import { fromFieldsV1, isBelow, toFieldsV1 } from './fields.ts';

/** One entry of `metadata.managedFields`. */
export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
  readonly paths: ReadonlySet<FieldPath>;
}

/** Who writes, and when. */
export type Writer = Omit<Manager, 'paths'>;

const isSame = (a: Writer, b: Writer): boolean =>
  a.name === b.name && a.operation === b.operation && a.apiVersion === b.apiVersion && a.subresource === b.subresource;

export function managersOf(object: KubeObject | undefined): Manager[] {
  return listAt(object?.metadata, 'managedFields').map((entry) => ({
    name: stringAt(entry, 'manager') ?? '',
    operation: stringAt(entry, 'operation') === 'Apply' ? 'Apply' : 'Update',
    apiVersion: stringAt(entry, 'apiVersion') ?? '',
    subresource: stringAt(entry, 'subresource') ?? '',
    time: stringAt(entry, 'time') ?? '',
    paths: fromFieldsV1(valueAt(entry, 'fieldsV1')),
  }));
}

function entryOf(manager: Manager): JsonObject {
  const { name, operation, apiVersion, subresource, time } = manager;
  const entry: JsonObject = { manager: name, operation, apiVersion, time, fieldsType: 'FieldsV1' };
  entry.fieldsV1 = toFieldsV1(manager.paths);
  return subresource === '' ? entry : { ...entry, subresource };
}

/** Writes the entries into the object, applies first, then by time, as the API server sorts them. */
export function setManagers(object: KubeObject, managers: readonly Manager[]): void {
  const order = (manager: Manager): string =>
    `${manager.operation === 'Apply' ? 0 : 1}${manager.time}\u0000${manager.name}\u0000${manager.subresource}`;
  const kept = managers.filter((manager) => manager.paths.size > 0);
  if (kept.length === 0) delete object.metadata.managedFields;
  else object.metadata.managedFields = kept.sort((a, b) => (order(a) < order(b) ? -1 : 1)).map(entryOf);
}

/** The managers after one of them has got `paths`: the others lose `taken`, and everybody what no longer exists. */
export function reassign(
  before: readonly Manager[],
  writer: Writer,
  paths: ReadonlySet<FieldPath>,
  taken: ReadonlySet<FieldPath>,
  after: FieldMap,
): Manager[] {
  const mine = before.find((manager) => isSame(manager, writer));
  const others = before
    .filter((manager) => manager !== mine)
    .map((manager) => ({ ...manager, paths: keep(manager.paths, (path) => !taken.has(path) && after.has(path)) }));
  const isUnchanged = mine !== undefined && equal(toFieldsV1(mine.paths), toFieldsV1(paths));
  return [...others, isUnchanged ? mine : { ...writer, paths }];
}

/** The managers after an update: the writer owns `owned` too, nobody else what changed, and nobody what is gone. */
export function afterUpdate(
  before: readonly Manager[],
  writer: Writer,
  owned: ReadonlySet<FieldPath>,
  changed: ReadonlySet<FieldPath>,
  after: FieldMap,
): Manager[] {
  const mine = before.find((manager) => isSame(manager, writer));
  const kept = keep(mine?.paths ?? new Set(), (path) => after.has(path) && !changed.has(path));
  return reassign(before, writer, new Set([...kept, ...owned]), changed, after);
}

/** True when somebody owns the path or something below it. */
export const ownsUnder = (manager: Manager, path: FieldPath): boolean =>
  manager.paths.has(path) || [...manager.paths].some((owned) => isBelow(owned, path));

const keep = (paths: ReadonlySet<FieldPath>, test: (path: FieldPath) => boolean): Set<FieldPath> =>
  new Set([...paths].filter(test));
