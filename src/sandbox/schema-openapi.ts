import type { Json } from './json.ts';
import { isObject, listAt, objectAt, stringAt, valueAt } from './json.ts';
import type { Schema } from './schema.ts';
import { any, atomicList, atomicMap, bool, free, intOrString, mapOf, metadata, num, setOf, str } from './schema.ts';

const scalars: Readonly<Record<string, Schema>> = { string: str, integer: num, number: num, boolean: bool };

/**
 * The schema of a custom resource from `openAPIV3Schema` of its definition
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy): lists are atomic unless
 * `x-kubernetes-list-type` says otherwise, maps and objects are granular.
 */
function fromOpenApi(source: Json | undefined): Schema {
  if (valueAt(source, 'x-kubernetes-int-or-string') === true) return intOrString;
  const type = stringAt(source, 'type');
  if (type === 'array') return listFrom(source);
  if (type === 'object') return objectFrom(source);
  return (type === undefined ? undefined : scalars[type]) ?? (type === undefined ? free : any);
}

function listFrom(source: Json | undefined): Schema {
  const of = fromOpenApi(valueAt(source, 'items'));
  const type = stringAt(source, 'x-kubernetes-list-type');
  if (type === 'set') return setOf(of);
  if (type !== 'map') return atomicList(of);
  const keys = listAt(source, 'x-kubernetes-list-map-keys').filter((key) => typeof key === 'string');
  const defaults = Object.fromEntries(
    keys.flatMap((key): [string, Json][] => {
      const value = valueAt(source, 'items', 'properties', key, 'default');
      return value === undefined ? [] : [[key, value]];
    }),
  );
  return { type: 'list', keys: [...keys].sort(), of, defaults };
}

function objectFrom(source: Json | undefined): Schema {
  const open = valueAt(source, 'x-kubernetes-preserve-unknown-fields') === true;
  const values = valueAt(source, 'additionalProperties');
  const isAtomic = stringAt(source, 'x-kubernetes-map-type') === 'atomic';
  if (isObject(values)) return isAtomic ? atomicMap(fromOpenApi(values)) : mapOf(fromOpenApi(values));
  if (isAtomic) return atomicMap(free);
  const properties = Object.entries(objectAt(source, 'properties'));
  if (properties.length === 0 && open) return free;
  return { type: 'struct', open, fields: Object.fromEntries(properties.map(([key, of]) => [key, fromOpenApi(of)])) };
}

/** A whole custom resource: its schema plus what every object has. */
export function customResource(source: Json | undefined): Schema {
  const schema = fromOpenApi(source);
  const fields = schema.type === 'struct' ? schema.fields : {};
  const open = schema.type !== 'struct' || schema.open;
  return { type: 'struct', open, fields: { ...fields, apiVersion: str, kind: str, metadata } };
}
