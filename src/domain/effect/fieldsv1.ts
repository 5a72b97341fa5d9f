import { isJsonObject, type Json, type JsonObject, listAt, stringAt } from '../json.ts';
import type { Path, PathStep } from '../path.ts';

/**
 * What one manager owns, as `metadata.managedFields[].fieldsV1` says it: a tree of `f:` members, `k:` and `v:` elements.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export interface FieldNode {
  /** `.`: the map, list or element itself is owned besides what is below. */
  readonly self: boolean;
  /** By the key that fieldsV1 has, so that trees can be laid over each other. */
  readonly children: ReadonlyMap<string, FieldChild>;
}
export interface FieldChild {
  readonly step: PathStep;
  readonly node: FieldNode;
}

export interface FieldOwner {
  readonly manager: string;
  readonly operation: string;
  /** Empty: the object itself. */
  readonly subresource: string;
  readonly apiVersion: string;
  readonly fields: FieldNode;
}

export const noFields: FieldNode = { self: false, children: new Map() };

/** @throws SyntaxError for a `k:` or `v:` that is not JSON, which the API server never writes */
export function parseFieldsV1(fields: Json | undefined): FieldNode {
  if (!isJsonObject(fields)) return noFields;
  const children = new Map<string, FieldChild>();
  for (const [key, below] of Object.entries(fields)) {
    // Elements by index cannot be told apart after a change, so a list that is owned like this counts as a whole.
    if (key.startsWith('i:')) return { self: true, children: new Map() };
    const step = stepOf(key);
    if (step !== undefined) children.set(key, { step, node: parseFieldsV1(below) });
  }
  return { self: Object.hasOwn(fields, '.'), children };
}

function stepOf(key: string): PathStep | undefined {
  if (key.startsWith('f:')) return key.slice(2);
  if (key.startsWith('v:')) return { value: JSON.parse(key.slice(2)) };
  if (!key.startsWith('k:')) return undefined;
  const fields: unknown = JSON.parse(key.slice(2));
  if (!isJsonObject(fields)) throw new SyntaxError(`not the key of a list element: ${key}`);
  return { key: fields };
}

export const isLeaf = (node: FieldNode): boolean => node.children.size === 0;

/** Each entry of managedFields, in its order. */
export const ownersOf = (object: JsonObject | undefined): readonly FieldOwner[] =>
  listAt(object, 'metadata', 'managedFields').map((entry) => ({
    manager: stringAt(entry, 'manager') ?? '',
    operation: stringAt(entry, 'operation') ?? '',
    subresource: stringAt(entry, 'subresource') ?? '',
    apiVersion: stringAt(entry, 'apiVersion') ?? '',
    fields: parseFieldsV1(isJsonObject(entry) ? entry.fieldsV1 : undefined),
  }));

/** Owned leaves (an atomic map or list is one), and containers that are owned besides what is in them. */
export function pathsOf(node: FieldNode): { readonly leaves: readonly Path[]; readonly containers: readonly Path[] } {
  const leaves: Path[] = [];
  const containers: Path[] = [];
  const walk = (here: FieldNode, path: Path): void => {
    if (isLeaf(here)) {
      if (path.length > 0) leaves.push(path);
      return;
    }
    if (here.self) containers.push(path);
    for (const { step, node: below } of here.children.values()) walk(below, [...path, step]);
  };
  walk(node, []);
  return { leaves, containers };
}

/** All trees as one: what is known about the structure of the object, its lists above all. */
export function overlay(nodes: readonly FieldNode[]): FieldNode {
  if (nodes.length === 1 && nodes[0] !== undefined) return nodes[0];
  const grouped = new Map<string, { step: PathStep; nodes: FieldNode[] }>();
  for (const node of nodes) {
    for (const [key, { step, node: below }] of node.children) {
      const group = grouped.get(key);
      if (group === undefined) grouped.set(key, { step, nodes: [below] });
      else group.nodes.push(below);
    }
  }
  const children = new Map<string, FieldChild>();
  for (const [key, group] of grouped) children.set(key, { step: group.step, node: overlay(group.nodes) });
  return { self: nodes.some((node) => node.self), children };
}

export const structureOf = (...objects: readonly (JsonObject | undefined)[]): FieldNode =>
  overlay(objects.flatMap((object) => ownersOf(object).map((owner) => owner.fields)));

/**
 * Whether an owned node stands for its whole value. A leaf below which others own something is not atomic: it was applied
 * empty (`labels: {}`), and only the container is owned.
 */
export const ownsWhole = (node: FieldNode, structure: FieldNode | undefined): boolean =>
  isLeaf(node) && (structure === undefined || isLeaf(structure));

/** Whether the place that `keys` lead to is owned: named itself, or inside of something that is owned whole. */
export function owns(node: FieldNode, keys: readonly string[], structure: FieldNode | undefined): boolean {
  let here = node;
  let around = structure;
  for (const key of keys) {
    const child = here.children.get(key);
    if (child === undefined) return here !== node && ownsWhole(here, around);
    here = child.node;
    around = around?.children.get(key)?.node;
  }
  return isLeaf(here) || here.self;
}
