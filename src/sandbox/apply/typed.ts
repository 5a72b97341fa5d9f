import type { Json, KubeObject } from '../json.ts';
import { isObject } from '../json.ts';
import { nameOf, namespaceOf } from '../object.ts';
import type { Scalar, Schema } from '../schema.ts';
import { childOf, itemKey } from '../schema.ts';
import type { ApiError } from '../status.ts';
import { untyped } from '../status.ts';
import { describePath } from './fields.ts';

/** Faults of an object against its schema, worded as structured-merge-diff does. */
export function typeFaults(value: Json, schema: Schema, path = ''): string[] {
  if (value === null || schema.type === 'free') return [];
  if (schema.type === 'scalar') return scalarFault(value, schema.scalar, path);
  if (schema.type === 'struct' || schema.type === 'map') return mapFaults(value, schema, path);
  if (schema.type !== 'atomic') return listFaults(value, schema, path);
  if (schema.container === 'any') return [];
  if (schema.container === 'struct') return mapFaults(value, schema.of, path);
  return schema.container === 'list' ? listFaults(value, schema, path) : mapFaults(value, schema, path);
}

const shown = (value: Json): string => `got ${Array.isArray(value) ? 'list' : isObject(value) ? 'map' : typeof value}`;

/** As the real server prints what it got: the value itself, so that such an error can leak it. */
const quoted = (value: Json, scalar: Scalar): string =>
  scalar === 'number'
    ? isObject(value)
      ? 'map'
      : typeof value
    : `&value.valueUnstructured{Value:${isObject(value) ? 'map[]' : String(value)}}`;

const accepts: Readonly<Record<Scalar, { types: string[]; words: string }>> = {
  string: { types: ['string'], words: 'string' },
  bytes: { types: ['string'], words: 'string' },
  number: { types: ['number'], words: 'numeric (int or float)' },
  boolean: { types: ['boolean'], words: 'boolean' },
  intOrString: { types: ['number', 'string'], words: 'string or numeric' },
  any: { types: ['number', 'string', 'boolean', 'object'], words: 'value' },
};

function scalarFault(value: Json, scalar: Scalar, path: string): string[] {
  const { types, words } = accepts[scalar];
  return types.includes(typeof value) ? [] : [`${path}: expected ${words}, got ${quoted(value, scalar)}`];
}

function mapFaults(value: Json, schema: Schema, path: string): string[] {
  if (!isObject(value)) return [`${path}: expected map, ${shown(value)}`];
  return Object.entries(value).flatMap(([key, child]) => {
    const of = childOf(schema, key);
    return of ? typeFaults(child, of, `${path}.${key}`) : [`${path}.${key}: field not declared in schema`];
  });
}

function listFaults(value: Json, schema: Extract<Schema, { of: Schema }>, path: string): string[] {
  if (!Array.isArray(value)) return [`${path}: expected list, ${shown(value)}`];
  const seen = new Set<string>();
  return value.flatMap((item, index) => {
    if (schema.type !== 'list' && schema.type !== 'set') return typeFaults(item, schema.of, `${path}[${index}]`);
    if (schema.type === 'list' && !isObject(item)) return [`${path}[${index}]: expected map, ${shown(item)}`];
    const key = schema.type === 'list' ? itemKey(schema, item) : `v:${JSON.stringify(item)}`;
    if (seen.has(key)) return [`${path}: duplicate entries for key ${describePath(key)}`];
    seen.add(key);
    const missing = schema.type === 'list' ? missingKey(schema, item, path) : undefined;
    return missing ?? typeFaults(item, schema.of, `${path}${describePath(key)}`);
  });
}

function missingKey(schema: Extract<Schema, { type: 'list' }>, item: Json, path: string): string[] | undefined {
  const missing = schema.keys.filter((key) => isObject(item) && item[key] === undefined && !(key in schema.defaults));
  if (missing.length === 0) return undefined;
  return [
    `${path}: element 0: associative list with keys has an element that omits key field ${JSON.stringify(missing[0])}`,
  ];
}

const about = (object: KubeObject): string => {
  const version = object.apiVersion.includes('/') ? object.apiVersion : `/${object.apiVersion}`;
  return `(${namespaceOf(object)}/${nameOf(object)}; ${version}, Kind=${object.kind})`;
};

/** What server-side apply answers for a body that has not the type of its kind; undefined when it has. */
export function typedPatchError(object: KubeObject, schema: Schema): ApiError | undefined {
  const faults = typeFaults(object, schema);
  if (faults.length > 0) {
    const list = faults.length === 1 ? faults[0] : `errors:\n${faults.map((fault) => `  ${fault}`).join('\n')}`;
    return untyped(`failed to create typed patch object ${about(object)}: ${list}`);
  }
  const bad = badBase64(object, schema);
  return bad === undefined
    ? undefined
    : untyped(`failed to convert new object ${about(object)} to proto: illegal base64 data at input byte ${bad}`);
}

/** The position of the first byte that is not base64 in a field of bytes; undefined when all are. */
function badBase64(value: Json, schema: Schema): number | undefined {
  if (schema.type === 'scalar' && schema.scalar === 'bytes' && typeof value === 'string') {
    if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)) return undefined;
    const at = value.search(/[^A-Za-z0-9+/=]/);
    return at < 0 ? value.length : at;
  }
  if (!isObject(value) || (schema.type !== 'struct' && schema.type !== 'map')) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const found = badBase64(child, childOf(schema, key) ?? { type: 'free' });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The object without what its schema does not declare, and the paths that went (`spec.foo`). */
export function pruneUnknown(value: Json, schema: Schema, path = ''): { value: Json; unknown: string[] } {
  const unknown: string[] = [];
  const inner = (child: Json, of: Schema, at: string): Json => {
    const pruned = pruneUnknown(child, of, at);
    unknown.push(...pruned.unknown);
    return pruned.value;
  };
  if (Array.isArray(value) && 'of' in schema)
    return { value: value.map((item, index) => inner(item, schema.of, `${path}[${index}]`)), unknown };
  if (!isObject(value) || schema.type !== 'struct') {
    if (!isObject(value) || schema.type !== 'map') return { value, unknown };
  }
  const entries = Object.entries(value).flatMap(([key, child]): [string, Json][] => {
    const at = path === '' ? key : `${path}.${key}`;
    const of = childOf(schema, key);
    if (of === undefined) unknown.push(at);
    return of === undefined ? [] : [[key, inner(child, of, at)]];
  });
  return { value: Object.fromEntries(entries), unknown };
}
