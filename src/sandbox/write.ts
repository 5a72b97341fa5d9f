import { requireNamespace, warningsFor } from './admission.ts';
import { difference, type FieldPath, fieldPath, fieldsOf, isBelow } from './apply/fields.ts';
import { afterUpdate, managersOf, setManagers, type Writer } from './apply/managers.ts';
import { pruneUnknown } from './apply/typed.ts';
import { setDefaults } from './defaults.ts';
import { equal, isObject, type Json, type JsonObject, type KubeObject, numberAt, objectAt, valueAt } from './json.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { asKubeObject, finalizersOf, isTerminating, nameOf, namespaceOf, timestamp, versionOf } from './object.ts';
import type { WriteOptions } from './options.ts';
import { addressFor } from './services.ts';
import { badRequest, modified } from './status.ts';
import { validateCreate, validateUpdate } from './validate.ts';
import { newUid, type World } from './world.ts';

/** What a write gives back: the object as it now is (or would be), and the warnings for its headers. */
export interface Written {
  readonly created: boolean;
  readonly object: KubeObject;
  readonly warnings: string[];
}

export function writer(
  world: World,
  kind: Kind,
  options: WriteOptions,
  operation: Writer['operation'],
  subresource = '',
): Writer {
  return {
    name: options.manager,
    operation,
    apiVersion: apiVersionOf(kind),
    subresource,
    time: timestamp(world.now()),
  };
}

/** Stores a new object. `update` is set when the creation was not an apply: the writer then owns all of it. */
export function storeNew(world: World, kind: Kind, object: KubeObject, dryRun: boolean, update?: Writer): Written {
  requireNamespace(world, kind, object);
  if (kind.hasStatus) delete object.status;
  setDefaults(object, kind);
  dropEmpty(object, kind);
  if (kind.hasStatus && kind.columns === undefined && object.status === undefined) object.status = firstStatus(kind);
  const warnings = warningsFor(object);
  validateCreate(object, kind);
  const { resourceVersion: _version, selfLink: _link, deletionTimestamp: _deletion, ...metadata } = object.metadata;
  object.metadata = { ...metadata, uid: newUid(world), creationTimestamp: timestamp(world.now()) };
  if (kind.hasGeneration) object.metadata.generation = 1;
  if (kind.kind === 'Service' && kind.group === '') addressFor(world, objectAt(object, 'spec'), dryRun);
  if (update) {
    const fields = fieldsOf(object, kind.schema);
    const { changed } = difference(new Map(), fields);
    setManagers(object, afterUpdate([], update, ownable(changed, kind, object, update), changed, fields));
  }
  if (!dryRun) world.store.put(kind, object);
  return { created: true, object, warnings };
}

/** Stores a changed object; what the server alone sets is kept, and nothing is stored when nothing differs. */
export function storeChange(
  world: World,
  kind: Kind,
  before: KubeObject,
  after: KubeObject,
  dryRun: boolean,
  update?: Writer,
): Written {
  keepSystemFields(before, after, kind);
  setDefaults(after, kind);
  dropEmpty(after, kind);
  const warnings = warningsFor(after);
  validateUpdate(before, after, kind);
  const isSpecChanged = !equal(valueAt(before, 'spec'), valueAt(after, 'spec'));
  if (kind.hasGeneration && isSpecChanged)
    after.metadata.generation = (numberAt(before.metadata, 'generation') ?? 0) + 1;
  if (update) {
    const fields = fieldsOf(after, kind.schema);
    const { changed } = difference(fieldsOf(before, kind.schema), fields);
    setManagers(after, afterUpdate(managersOf(before), update, ownable(changed, kind, after, update), changed, fields));
  }
  if (equal(before, after)) return { created: false, object: before, warnings };
  if (dryRun) return { created: false, object: after, warnings };
  if (isTerminating(after) && finalizersOf(after).length === 0) world.store.remove(kind, after);
  else world.store.put(kind, after);
  return { created: false, object: after, warnings };
}

/** Maps without an entry do not survive the encoding of built-in kinds. */
function dropEmpty(object: KubeObject, kind: Kind): void {
  if (kind.columns !== undefined) return;
  const isEmpty = (value: Json | undefined): boolean => isObject(value) && Object.keys(value).length === 0;
  for (const key of ['data', 'binaryData', 'stringData']) if (isEmpty(object[key])) delete object[key];
  for (const key of ['labels', 'annotations']) if (isEmpty(object.metadata[key])) delete object.metadata[key];
}

/** The status that an object has before any controller has seen it. */
function firstStatus(kind: Kind): JsonObject {
  if (kind.kind === 'Pod') return { phase: 'Pending', qosClass: 'BestEffort' };
  return kind.kind === 'Service' ? { loadBalancer: {} } : {};
}

/**
 * What an update makes its writer own of what it changed: never the status, and nothing of a scale to 0 (the field
 * is not in the encoded Scale then: the others lose it all the same, so nobody owns it).
 */
function ownable(changed: Set<FieldPath>, kind: Kind, object: KubeObject, by: Writer): Set<FieldPath> {
  const isZero = by.subresource === 'scale' && kind.scale && valueAt(object, ...kind.scale.specReplicas) === 0;
  if (isZero) return new Set();
  const status = fieldPath(['status']);
  const isStatus = (path: FieldPath): boolean => kind.hasStatus && (path === status || isBelow(path, status));
  return new Set([...changed].filter((path) => !isStatus(path)));
}

const systemFields =
  'uid name namespace creationTimestamp deletionTimestamp deletionGracePeriodSeconds generation resourceVersion';

function keepSystemFields(before: KubeObject, after: KubeObject, kind: Kind): void {
  const { selfLink: _link, generateName: _generate, ...metadata } = after.metadata;
  const kept: JsonObject = { ...metadata };
  for (const field of systemFields.split(' ')) {
    const value = before.metadata[field];
    if (value === undefined) delete kept[field];
    else kept[field] = value;
  }
  after.metadata = kept;
  if (!kind.hasStatus) return;
  if (before.status === undefined) delete after.status;
  else after.status = before.status;
}

/** 409 when the object carries a resourceVersion (`"0"` means unset) that is not the stored one. */
export function requireVersion(kind: Kind, before: KubeObject, wanted: string | undefined): void {
  if (wanted !== undefined && wanted !== '' && wanted !== '0' && wanted !== versionOf(before))
    throw modified(kind, nameOf(before));
}

/** The body as an object of this kind, at this place; 400 where it says otherwise. */
export function addressed(body: unknown, kind: Kind, namespace: string, name: string | undefined): KubeObject {
  const parsed = asKubeObject(toJsonObject(body));
  if (!parsed) throw badRequest("Object 'Kind', 'apiVersion' or 'metadata' is missing");
  const object = structuredClone(parsed);
  if (object.kind !== kind.kind || object.apiVersion !== apiVersionOf(kind))
    throw badRequest(
      `${object.kind} in version "${object.apiVersion}" cannot be handled as a ${kind.kind}: the path is that of ${apiVersionOf(kind)}, Kind=${kind.kind}`,
    );
  if (name !== undefined && object.metadata.name !== undefined && nameOf(object) !== name)
    throw badRequest(`the name of the object (${nameOf(object)}) does not match the name on the URL (${name})`);
  const own = namespaceOf(object);
  if (kind.namespaced && own !== '' && own !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  if (kind.namespaced) object.metadata.namespace = namespace;
  else delete object.metadata.namespace;
  if (name !== undefined) object.metadata.name = name;
  return object;
}

const toJsonObject = (body: unknown): JsonObject | undefined =>
  typeof body === 'object' && body !== null && !Array.isArray(body)
    ? Object.fromEntries(Object.entries(body))
    : undefined;

/** Drops what the schema does not declare, refusing (400) or warning as `fieldValidation` says. */
export function declared(
  object: KubeObject,
  kind: Kind,
  validation: WriteOptions['validation'],
  warnings: string[],
): KubeObject {
  const { value, unknown } = pruneUnknown(object, kind.schema);
  const texts = unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
  if (unknown.length > 0 && validation === 'Strict')
    throw badRequest(
      `${kind.kind} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.kind}: strict decoding error: ${texts.join(', ')}`,
    );
  if (validation === 'Warn') warnings.push(...texts);
  return asKubeObject(value) ?? object;
}
