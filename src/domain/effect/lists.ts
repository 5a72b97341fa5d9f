import { canonicalJson } from '../canonical.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { PathStep } from '../path.ts';
import { type FieldNode, isLeaf } from './fieldsv1.ts';

/** How the elements of a list are told apart: by key fields, by value, or only by where they stand. */
export type ListShape =
  | { readonly kind: 'map'; readonly keys: readonly string[] }
  | { readonly kind: 'set' }
  | { readonly kind: 'atomic' };

const byName = [['name']];
/** Where managedFields say nothing: the `x-kubernetes-list-map-keys` of the built-in kinds, by the name of the list. */
const wellKnownKeys: ReadonlyMap<string, readonly (readonly string[])[]> = new Map([
  ...[
    'containers',
    'initContainers',
    'ephemeralContainers',
    'volumes',
    'env',
    'imagePullSecrets',
    'secrets',
    'webhooks',
    'schedulingGates',
    'resourceClaims',
    'matchConditions',
  ].map((list) => [list, byName] as const),
  ['volumeMounts', [['mountPath']]],
  ['volumeDevices', [['devicePath']]],
  ['hostAliases', [['ip']]],
  ['topologySpreadConstraints', [['topologyKey', 'whenUnsatisfiable']]],
  ['conditions', [['type']]],
  ['ownerReferences', [['uid']]],
  [
    'ports',
    [
      ['containerPort', 'protocol'],
      ['port', 'protocol'],
    ],
  ],
]);

/** Key fields that may be left out, as the schemas default them. */
const keyDefaults: ReadonlyMap<string, Json> = new Map([['protocol', 'TCP']]);

/** Lists matched by key whose order still means something: which container starts first, which `$(VAR)` is known. */
export const isOrdered = (list: string): boolean => list === 'initContainers' || list === 'env';

/** managedFields first, then the well-known lists; a list whose elements such keys do not tell apart is atomic. */
export function shapeOf(name: string, node: FieldNode | undefined, lists: readonly (readonly Json[])[]): ListShape {
  const told = node === undefined ? undefined : toldShape(node);
  const candidates: readonly ListShape[] =
    told !== undefined
      ? [told]
      : name === 'finalizers'
        ? [{ kind: 'set' }]
        : (wellKnownKeys.get(name) ?? []).map((keys) => ({ kind: 'map', keys }));
  return candidates.find((shape) => lists.every((list) => tellsApart(shape, list))) ?? { kind: 'atomic' };
}

/** What the owned elements of a list say about it; undefined: nothing. */
export function toldShape(node: FieldNode): ListShape | undefined {
  if (isLeaf(node)) return { kind: 'atomic' };
  for (const { step } of node.children.values()) {
    if (typeof step === 'string') return undefined;
    if ('key' in step) return { kind: 'map', keys: Object.keys(step.key) };
    if ('value' in step) return { kind: 'set' };
  }
  return undefined;
}

function tellsApart(shape: ListShape, list: readonly Json[]): boolean {
  const seen = new Set<string>();
  for (const element of list) {
    const id = elementId(shape, element);
    if (id === undefined || seen.has(id)) return shape.kind === 'atomic';
    seen.add(id);
  }
  return true;
}

/** The key fields of an element, defaults filled in; undefined where one is missing. */
export function keyOf(keys: readonly string[], element: Json): JsonObject | undefined {
  if (!isJsonObject(element)) return undefined;
  const fields: [string, Json][] = [];
  for (const key of keys) {
    const value = Object.hasOwn(element, key) ? element[key] : keyDefaults.get(key);
    if (value === undefined) return undefined;
    fields.push([key, value]);
  }
  return Object.fromEntries(fields);
}

/** What tells an element from the others of its list, as text; undefined: nothing does. */
export function elementId(shape: ListShape, element: Json): string | undefined {
  if (shape.kind === 'atomic') return undefined;
  if (shape.kind === 'set') return canonicalJson(element);
  const key = keyOf(shape.keys, element);
  return key === undefined ? undefined : canonicalJson(key);
}

export const stepId = (step: PathStep): string | undefined =>
  typeof step === 'string' || 'index' in step ? undefined : canonicalJson('key' in step ? step.key : step.value);

/** The elements of a list by what tells them apart, in their order; empty for what is not a list. */
export function elementsById(shape: ListShape, list: Json | undefined): ReadonlyMap<string, Json> {
  const found = new Map<string, Json>();
  if (!Array.isArray(list)) return found;
  for (const element of list as readonly Json[]) {
    const id = elementId(shape, element);
    if (id !== undefined && !found.has(id)) found.set(id, element);
  }
  return found;
}

/** An own member, or undefined: `__proto__` and the like never reach the prototype. */
export const member = (value: Json | undefined, name: string): Json | undefined =>
  isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

export const sameJson = (a: Json | undefined, b: Json | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b));
