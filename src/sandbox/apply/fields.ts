import type { Json, JsonObject, KubeObject } from '../json.ts';
import { canonical, isObject } from '../json.ts';
import type { Schema } from '../schema.ts';
import { childOf, itemKey } from '../schema.ts';

/** A field path: elements of FieldsV1 (`f:spec`, `k:{"name":"web"}`, `v:"x"`), joined. */
export type FieldPath = string;
const separator = '\u0000';

export const elementsOf = (path: FieldPath): string[] => path.split(separator);
const joinPath = (elements: readonly string[]): FieldPath => elements.join(separator);
/** The path of a field by the names that lead to it. */
export const fieldPath = (names: readonly string[]): FieldPath => joinPath(names.map((name) => `f:${name}`));
export const isBelow = (path: FieldPath, ancestor: FieldPath): boolean => path.startsWith(ancestor + separator);

/** One node of an object: a `leaf` is owned whole, an `item` is an entry of an associative list. */
interface FieldNode {
  readonly kind: 'leaf' | 'item' | 'branch' | 'struct';
  readonly value: string;
}
export type FieldMap = ReadonlyMap<FieldPath, FieldNode>;

/** What nobody can own (structured-merge-diff's stripped fields). */
const unowned = new Set(
  [
    ['f:apiVersion'],
    ['f:kind'],
    ['f:metadata'],
    ...'name namespace generateName creationTimestamp selfLink uid generation managedFields resourceVersion deletionTimestamp deletionGracePeriodSeconds'
      .split(' ')
      .map((field) => ['f:metadata', `f:${field}`]),
  ].map(joinPath),
);

/** Every node of an object by its path. */
export function fieldsOf(object: KubeObject | undefined, schema: Schema): FieldMap {
  const nodes = new Map<FieldPath, FieldNode>();
  if (object) visit(object, schema, [], nodes);
  for (const path of unowned) nodes.delete(path);
  return nodes;
}

function visit(value: Json, schema: Schema, path: string[], nodes: Map<FieldPath, FieldNode>): void {
  const put = (kind: FieldNode['kind'], text: string): void => {
    if (path.length > 0) nodes.set(joinPath(path), { kind, value: text });
  };
  if (schema.type === 'list' && Array.isArray(value)) {
    put(value.length === 0 ? 'leaf' : 'branch', '');
    for (const item of value) {
      const at = [...path, itemKey(schema, item)];
      visit(item, schema.of, at, nodes);
      nodes.set(joinPath(at), { kind: 'item', value: '' });
    }
  } else if (schema.type === 'set' && Array.isArray(value)) {
    put(value.length === 0 ? 'leaf' : 'branch', '');
    for (const item of value) nodes.set(joinPath([...path, `v:${JSON.stringify(item)}`]), { kind: 'leaf', value: '' });
  } else if (isObject(value) && (schema.type === 'struct' || schema.type === 'map' || schema.type === 'free')) {
    const entries = Object.entries(value);
    put(entries.length === 0 ? 'leaf' : schema.type === 'map' ? 'branch' : 'struct', '');
    for (const [key, child] of entries)
      visit(child, childOf(schema, key) ?? { type: 'free' }, [...path, `f:${key}`], nodes);
  } else {
    put('leaf', canonical(value));
  }
}

/** The paths that an apply of this object owns. */
export function appliedPaths(nodes: FieldMap): Set<FieldPath> {
  return new Set([...nodes].flatMap(([path, node]) => (node.kind === 'leaf' || node.kind === 'item' ? [path] : [])));
}

/** What differs between two objects: `changed` was added or has another value, `removed` is gone. */
export function difference(before: FieldMap, after: FieldMap): { changed: Set<FieldPath>; removed: Set<FieldPath> } {
  const changed = new Set<FieldPath>();
  for (const [path, node] of after) {
    const old = before.get(path);
    if (node.kind !== 'struct' && (old === undefined || old.value !== node.value)) changed.add(path);
  }
  return { changed, removed: new Set([...before.keys()].filter((path) => !after.has(path))) };
}

/** FieldsV1 of a set of paths. */
export function toFieldsV1(paths: Iterable<FieldPath>): JsonObject {
  const root: JsonObject = {};
  for (const path of [...paths].sort()) {
    let here = root;
    for (const element of elementsOf(path)) {
      const next = here[element];
      const child: JsonObject = isObject(next) ? next : {};
      here[element] = child;
      here = child;
    }
    here['.'] = {};
  }
  return dropLeafDots(root);
}

/** A path without children is written `{}`, one with children holds a `.`. */
function dropLeafDots(node: JsonObject): JsonObject {
  const keys = Object.keys(node);
  if (keys.length === 1 && keys[0] === '.') return {};
  return Object.fromEntries(
    Object.entries(node).map(([key, child]) => [key, isObject(child) && key !== '.' ? dropLeafDots(child) : child]),
  );
}

/** The set of paths of a FieldsV1. */
export function fromFieldsV1(fields: Json | undefined): Set<FieldPath> {
  const paths = new Set<FieldPath>();
  const walk = (node: JsonObject, at: string[]): void => {
    const keys = Object.keys(node);
    if (at.length > 0 && (keys.length === 0 || Object.hasOwn(node, '.'))) paths.add(joinPath(at));
    for (const [key, child] of Object.entries(node)) if (key !== '.' && isObject(child)) walk(child, [...at, key]);
  };
  if (isObject(fields)) walk(fields, []);
  return paths;
}

/** A path as error texts show it: `.spec.template.spec.containers[name="web"].image`. */
export function describePath(path: FieldPath): string {
  return elementsOf(path).map(describeElement).join('');
}

function describeElement(element: string): string {
  if (element.startsWith('f:')) return `.${element.slice(2)}`;
  if (!element.startsWith('k:')) return `[=${element.slice(2)}]`;
  const keys = Object.entries(JSON.parse(element.slice(2))).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `[${keys.join(',')}]`;
}
