import fc from 'fast-check';
import { canonicalJson } from '../../../../src/domain/canonical.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../../src/domain/json.ts';

/** Key fields of the lists that these tests use; `finalizers` is a set, every other list is atomic. */
const listKeys: Record<string, readonly string[]> = {
  containers: ['name'],
  env: ['name'],
  items: ['name'],
  ports: ['containerPort', 'protocol'],
};
const defaults: Record<string, Json> = { protocol: 'TCP' };

const elementKey = (name: string, element: Json): JsonObject =>
  Object.fromEntries((listKeys[name] ?? []).map((key) => [key, (element as JsonObject)[key] ?? defaults[key] ?? null]));

/** fieldsV1 as the API server writes it for a manager that set exactly this. */
function fieldsOf(value: Json, name = ''): JsonObject {
  if (Array.isArray(value)) {
    if (name === 'finalizers') return Object.fromEntries(value.map((each) => [`v:${JSON.stringify(each)}`, {}]));
    if (listKeys[name] === undefined) return {};
    return Object.fromEntries(
      value.map((each: Json) => [`k:${canonicalJson(elementKey(name, each))}`, { '.': {}, ...fieldsOf(each) }]),
    );
  }
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [`f:${key}`, fieldsOf(below, key)]));
}

export const entry = (manager: string, operation: string, set: JsonObject, more: JsonObject = {}): JsonObject => ({
  manager,
  operation,
  apiVersion: 'apps/v1',
  fieldsType: 'FieldsV1',
  fieldsV1: fieldsOf(set),
  ...more,
});

export const withManagers = (object: JsonObject, ...managedFields: readonly JsonObject[]): JsonObject => ({
  ...object,
  metadata: { ...(object.metadata as JsonObject | undefined), managedFields },
});

/** Every leaf by its path, written here a second time so that the code under test is not its own witness. */
export function flatten(value: Json, path = '', name = '', found = new Map<string, Json>()): Map<string, Json> {
  if (Array.isArray(value)) {
    value.forEach((each: Json, index) => {
      if (name === 'finalizers') found.set(`${path}[=${each}]`, each);
      else if (listKeys[name] === undefined) flatten(each, `${path}[${index}]`, '', found);
      else flatten(each, `${path}[${Object.values(elementKey(name, each)).join(',')}]`, '', found);
    });
  } else if (isJsonObject(value)) {
    for (const [key, each] of Object.entries(value)) flatten(each, path === '' ? key : `${path}.${key}`, key, found);
  } else found.set(path, value);
  return found;
}

const scalar = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom('a', 'b', 'c'), fc.boolean());
const some = (entries: Record<string, fc.Arbitrary<Json>>): fc.Arbitrary<JsonObject> =>
  fc.record(entries, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;
const inner = some({ p: scalar, q: scalar, args: fc.array(scalar, { maxLength: 3 }) });
const item = fc
  .tuple(fc.constantFrom('x', 'y', 'z', 'w'), some({ p: scalar, q: scalar, inner }))
  .map(([name, rest]): JsonObject => ({ name, ...rest }));
const items = fc.uniqueArray(item, { selector: (each) => each.name, maxLength: 4 });

/** Objects of one made-up kind with every sort of field. */
export const anySpec: fc.Arbitrary<JsonObject> = some({
  p: scalar,
  inner,
  items,
  finalizers: fc.uniqueArray(fc.constantFrom('f1', 'f2', 'f3'), { maxLength: 3 }),
  args: fc.array(scalar, { maxLength: 3 }),
});

export const object = (spec: JsonObject): JsonObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  metadata: { name: 'thing', namespace: 'shop' },
  spec,
});

/** A value with only some of its leaves: what one manager of several set. */
export const part = (value: JsonObject): fc.Arbitrary<JsonObject> =>
  fc.infiniteStream(fc.boolean()).map((coins) => thin(value, () => coins.next().value as boolean) as JsonObject);

function thin(value: Json, keep: () => boolean): Json {
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([key]) => key === 'name' || keep());
  return Object.fromEntries(kept.map(([key, each]) => [key, thinMember(key, each, keep)]));
}

const thinMember = (key: string, value: Json, keep: () => boolean): Json =>
  key === 'items' && Array.isArray(value)
    ? value.filter(keep).map((each) => thin(each as Json, keep))
    : key === 'finalizers' && Array.isArray(value)
      ? value.filter(keep)
      : thin(value, keep);

/** Members and keyed elements in another order: the same object. */
export function shuffled(value: Json, name = ''): Json {
  if (Array.isArray(value)) {
    const elements = value.map((each) => shuffled(each as Json));
    return name === 'items' || name === 'finalizers' ? elements.reverse() : elements;
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, each]) => [key, shuffled(each, key)]),
  );
}

/** A Deployment as `kubectl apply` leaves it, with what the server defaults. */
export const webSpec = (image: string, replicas = 3): JsonObject => ({
  replicas,
  template: {
    spec: { containers: [{ name: 'web', image, ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
  },
});

export const deployment = (spec: JsonObject, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec,
});

export const lastApplied = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };

/** As `kubectl apply` (client-side) left it. */
export const applied = (image = 'web:1.4.1', replicas = 3): JsonObject =>
  withManagers(
    deployment(webSpec(image, replicas), { uid: 'u1', resourceVersion: '7', annotations: lastApplied }),
    entry('kubectl-client-side-apply', 'Update', {
      metadata: { annotations: lastApplied },
      spec: webSpec(image, replicas),
    }),
  );
