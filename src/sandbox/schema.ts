import type { Json } from './json.ts';
import { isObject } from './json.ts';

export type Scalar = 'string' | 'number' | 'boolean' | 'bytes' | 'intOrString' | 'any';

/**
 * How a value is typed and merged, after the merge directives of structured-merge-diff:
 * `list` is associative by its keys, `set` holds scalars, `atomic` is replaced as a whole,
 * `free` is untyped (maps merge, lists are atomic). An `open` struct keeps fields it does not declare.
 */
export type Schema =
  | { readonly type: 'scalar'; readonly scalar: Scalar }
  | { readonly type: 'struct'; readonly fields: Readonly<Record<string, Schema>>; readonly open: boolean }
  | { readonly type: 'map'; readonly of: Schema }
  | {
      readonly type: 'list';
      readonly of: Schema;
      readonly keys: readonly string[];
      readonly defaults: Readonly<Record<string, Json>>;
    }
  | { readonly type: 'set'; readonly of: Schema }
  | { readonly type: 'atomic'; readonly container: 'list' | 'map' | 'struct' | 'any'; readonly of: Schema }
  | { readonly type: 'free' };

export const str: Schema = { type: 'scalar', scalar: 'string' };
export const num: Schema = { type: 'scalar', scalar: 'number' };
export const bool: Schema = { type: 'scalar', scalar: 'boolean' };
export const bytes: Schema = { type: 'scalar', scalar: 'bytes' };
export const intOrString: Schema = { type: 'scalar', scalar: 'intOrString' };
export const any: Schema = { type: 'scalar', scalar: 'any' };
export const free: Schema = { type: 'free' };
export const atomicFree: Schema = { type: 'atomic', container: 'any', of: free };

export const struct = (fields: Record<string, Schema>): Schema => ({ type: 'struct', fields, open: false });
const openStruct = (fields: Record<string, Schema>): Schema => ({ type: 'struct', fields, open: true });
export const mapOf = (of: Schema): Schema => ({ type: 'map', of });
export const setOf = (of: Schema): Schema => ({ type: 'set', of });
export const atomicList = (of: Schema): Schema => ({ type: 'atomic', container: 'list', of });
/** A struct that is typed, but owned and replaced as a whole (a label selector, a reference to a key). */
export const atomicStruct = (fields: Record<string, Schema>): Schema => ({
  type: 'atomic',
  container: 'struct',
  of: struct(fields),
});
export const atomicMap = (of: Schema): Schema => ({ type: 'atomic', container: 'map', of });
export const listBy = (keys: string[], of: Schema, defaults: Record<string, Json> = {}): Schema => ({
  type: 'list',
  keys: [...keys].sort(),
  of,
  defaults,
});

/** The schema of a map's entry, or undefined where the schema does not declare it. */
export function childOf(schema: Schema, key: string): Schema | undefined {
  if (schema.type === 'struct') {
    if (Object.hasOwn(schema.fields, key)) return schema.fields[key];
    return schema.open ? free : undefined;
  }
  if (schema.type === 'atomic' && schema.container === 'struct') return childOf(schema.of, key);
  if (schema.type === 'map' || (schema.type === 'atomic' && schema.container === 'map')) return schema.of;
  return free;
}

/** The path element (`k:{"name":"web"}`) by which an associative list knows an item. */
export function itemKey(schema: Extract<Schema, { type: 'list' }>, item: Json): string {
  const key = Object.fromEntries(
    schema.keys.map((name) => [name, (isObject(item) ? item[name] : undefined) ?? schema.defaults[name] ?? null]),
  );
  return `k:${JSON.stringify(key)}`;
}

/** `metadata` of every kind. */
export const metadata: Schema = struct({
  name: str,
  generateName: str,
  namespace: str,
  uid: str,
  resourceVersion: str,
  generation: num,
  creationTimestamp: str,
  deletionTimestamp: str,
  deletionGracePeriodSeconds: num,
  selfLink: str,
  labels: mapOf(str),
  annotations: mapOf(str),
  finalizers: setOf(str),
  ownerReferences: listBy(
    ['uid'],
    struct({ apiVersion: str, kind: str, name: str, uid: str, controller: bool, blockOwnerDeletion: bool }),
  ),
  managedFields: atomicFree,
});

/** The schema of a kind: its own fields beside those of every object. */
export const object = (fields: Record<string, Schema>): Schema =>
  struct({ apiVersion: str, kind: str, metadata, ...fields });

/** A kind that the sandbox knows by name only: its fields are taken as they come. */
export const untypedObject: Schema = openStruct({ apiVersion: str, kind: str, metadata });
