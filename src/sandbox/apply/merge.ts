import type { Json, JsonObject } from '../json.ts';
import { equal, isObject } from '../json.ts';
import type { Schema } from '../schema.ts';
import { childOf, itemKey } from '../schema.ts';
import type { FieldPath } from './fields.ts';
import { elementsOf } from './fields.ts';

/** The live value with the applied one laid over it, by the schema's merge rules. Neither argument is changed. */
export function merge(live: Json | undefined, applied: Json, schema: Schema): Json {
  if (schema.type === 'list' && Array.isArray(applied))
    return mergeList(Array.isArray(live) ? live : [], applied, schema);
  if (schema.type === 'set' && Array.isArray(applied)) {
    const kept = Array.isArray(live) ? live : [];
    return [...kept, ...applied.filter((item) => !kept.some((other) => equal(item, other)))];
  }
  if (isObject(applied) && (schema.type === 'struct' || schema.type === 'map' || schema.type === 'free')) {
    const merged: JsonObject = isObject(live) ? { ...live } : {};
    for (const [key, child] of Object.entries(applied)) {
      if (child === null) delete merged[key];
      else merged[key] = merge(merged[key], child, childOf(schema, key) ?? { type: 'free' });
    }
    return merged;
  }
  return structuredClone(applied);
}

function mergeList(live: Json[], applied: Json[], schema: Extract<Schema, { type: 'list' }>): Json[] {
  const byKey = new Map(applied.map((item) => [itemKey(schema, item), item]));
  const merged = live.map((item) => {
    const key = itemKey(schema, item);
    const over = byKey.get(key);
    byKey.delete(key);
    return over === undefined ? item : merge(item, over, schema.of);
  });
  return [...merged, ...[...byKey.values()].map((item) => merge(undefined, item, schema.of))];
}

/** The value without what lies at a path; maps that become empty by it go too. The argument is not changed. */
export function without(value: Json, schema: Schema, path: FieldPath): Json {
  return withoutElements(value, schema, elementsOf(path)) ?? value;
}

function withoutElements(value: Json, schema: Schema, [element, ...rest]: string[]): Json | undefined {
  if (element === undefined) return undefined;
  if (element.startsWith('f:')) return withoutField(value, schema, element.slice(2), rest);
  if (!Array.isArray(value)) return value;
  if (schema.type === 'set') return value.filter((item) => `v:${JSON.stringify(item)}` !== element);
  if (schema.type !== 'list') return value;
  return value.flatMap((item): Json[] => {
    if (itemKey(schema, item) !== element) return [item];
    const left = rest.length === 0 ? undefined : withoutElements(item, schema.of, rest);
    return left === undefined ? [] : [left];
  });
}

function withoutField(value: Json, schema: Schema, key: string, rest: string[]): Json {
  if (!isObject(value) || value[key] === undefined) return value;
  const { [key]: child, ...others } = value;
  if (rest.length === 0 || child === undefined) return others;
  const left = withoutElements(child, childOf(schema, key) ?? { type: 'free' }, rest);
  const isEmpty =
    left === undefined || (Array.isArray(left) ? left.length === 0 : isObject(left) && Object.keys(left).length === 0);
  return isEmpty ? others : { ...others, [key]: left };
}
