import { invalid } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject, stringAt } from '../json.ts';
import { formatPath, type Path } from '../path.ts';
import { type FieldNode, type FieldOwner, ownersOf, owns, ownsWhole, structureOf } from './fieldsv1.ts';
import { elementId, elementsById, type ListShape, member, stepId, toldShape } from './lists.ts';

export interface CarryForwardInput {
  readonly manifest: JsonObject;
  /** As read from the API server, managedFields included; undefined: the object is not there. */
  readonly live: JsonObject | undefined;
  /** Our own field manager. */
  readonly manager: string;
  /** Let go of what the manifest omits. */
  readonly prune: boolean;
}

export interface CarriedForward {
  /** What is to be sent: the manifest, which always wins, and what is carried forward. */
  readonly body: JsonObject;
  /** Leaves that were carried forward, sorted. */
  readonly stays: readonly string[];
  /** Leaves that `prune` lets go and nobody else owns, sorted. */
  readonly removes: readonly string[];
}

/** A leaf that our manager owns and the manifest omits. `keys` leads to it in fieldsV1. */
interface Omitted {
  readonly path: Path;
  readonly keys: readonly string[];
}

interface Place extends Omitted {
  readonly node: FieldNode;
  /** What all managers together say about this place. */
  readonly structure: FieldNode | undefined;
  readonly omitted: Omitted[];
}

const serverOwned = ['uid', 'resourceVersion', 'creationTimestamp', 'generation', 'managedFields', 'selfLink'];
const identity = ['name', 'namespace', 'generateName', 'deletionTimestamp', 'deletionGracePeriodSeconds'];

/**
 * Server-side apply takes away what its manager owned and the next manifest omits. Ours is shared by many callers, so what an
 * earlier call set stays: it is taken from the live object by fieldsV1 as client-go's Extract does, list elements by key, sets
 * by value, atomic values whole.
 * @throws Invalid when the object was applied in another apiVersion: its field paths do not fit this manifest
 */
export function carryForward({ manifest, live, manager, prune }: CarryForwardInput): CarriedForward {
  const owners = ownersOf(live);
  const own = owners.find(
    (owner) => owner.manager === manager && owner.operation === 'Apply' && owner.subresource === '',
  );
  if (live === undefined || own === undefined) return { body: manifest, stays: [], removes: [] };
  const omitted: Omitted[] = [];
  const root = { node: withoutServerOwned(own.fields), structure: structureOf(live), path: [], keys: [], omitted };
  if (!prune) checkVersion(manifest, own);
  const merged = mergeMembers(manifest, live, root);
  if (prune) {
    const gone = omitted.filter(isLast(owners, own, root.structure));
    return { body: manifest, stays: [], removes: sortedPaths(gone) };
  }
  return { body: merged ?? manifest, stays: sortedPaths(omitted), removes: [] };
}

const sortedPaths = (omitted: readonly Omitted[]): readonly string[] =>
  omitted.map(({ path }) => formatPath(path)).sort();

const isLast = (owners: readonly FieldOwner[], own: FieldOwner, structure: FieldNode) => (omitted: Omitted) =>
  !owners.some((owner) => owner !== own && owns(owner.fields, omitted.keys, structure));

function checkVersion(manifest: JsonObject, own: FieldOwner): void {
  const version = stringAt(manifest, 'apiVersion');
  if (own.apiVersion === version) return;
  throw invalid(
    `this object was applied here as ${own.apiVersion}, and the manifest is ${version}`,
    `send the manifest as ${own.apiVersion}, or with prune: true and everything that shall stay`,
  );
}

function withoutServerOwned(fields: FieldNode): FieldNode {
  const children = new Map(
    [...fields.children].filter(([key]) => !['f:status', 'f:apiVersion', 'f:kind'].includes(key)),
  );
  const metadata = children.get('f:metadata');
  if (metadata !== undefined) {
    const dropped = [...serverOwned, ...identity].map((name) => `f:${name}`);
    const kept = new Map([...metadata.node.children].filter(([key]) => !dropped.includes(key)));
    if (kept.size === 0) children.delete('f:metadata');
    else children.set('f:metadata', { step: 'metadata', node: { self: metadata.node.self, children: kept } });
  }
  return { self: fields.self, children };
}

function merge(said: Json | undefined, live: Json | undefined, place: Place): Json | undefined {
  if (live === undefined) return said;
  if (ownsWhole(place.node, place.structure)) {
    if (said !== undefined) return said;
    place.omitted.push(place);
    return live;
  }
  if (isJsonObject(live) && (said === undefined || isJsonObject(said))) return mergeMembers(said, live, place);
  if (Array.isArray(live) && (said === undefined || Array.isArray(said))) return mergeElements(said, live, place);
  return said;
}

const below = (place: Place, key: string, step: Path[number], node: FieldNode): Place => ({
  node,
  structure: place.structure?.children.get(key)?.node,
  path: [...place.path, step],
  keys: [...place.keys, key],
  omitted: place.omitted,
});

function mergeMembers(said: JsonObject | undefined, live: JsonObject, place: Place): JsonObject | undefined {
  const merged = new Map<string, Json>(Object.entries(said ?? {}));
  for (const [key, { step, node }] of place.node.children) {
    if (typeof step !== 'string') continue;
    const value = merge(member(said, step), member(live, step), below(place, key, step, node));
    if (value !== undefined) merged.set(step, value);
  }
  const nothing = said === undefined && merged.size === 0;
  return nothing && !place.node.self && place.node.children.size > 0 ? undefined : Object.fromEntries(merged);
}

function mergeElements(said: readonly Json[] | undefined, live: readonly Json[], place: Place): Json | undefined {
  const shape = toldShape(place.structure ?? place.node) ?? { kind: 'atomic' };
  const liveById = elementsById(shape, live);
  const saidById = elementsById(shape, said);
  const merged = new Map<string, Json>();
  for (const [key, { step, node }] of place.node.children) {
    const id = stepId(step);
    const element = id === undefined ? undefined : liveById.get(id);
    if (id === undefined || element === undefined || typeof step === 'string') continue;
    const there = below(place, key, step, node);
    const value = 'key' in step ? mergeElement(saidById.get(id), element, step.key, there) : element;
    if ('value' in step && !saidById.has(id)) place.omitted.push(there);
    if (value !== undefined) merged.set(id, value);
  }
  const nothing = said === undefined && merged.size === 0;
  if (nothing && !place.node.self && place.node.children.size > 0) return undefined;
  return inOrder(said ?? [], [...liveById.keys()], merged, shape);
}

/** Key fields say which element it is; they are not worth a line of their own. */
function mergeElement(said: Json | undefined, live: Json, key: JsonObject, place: Place): Json | undefined {
  const omitted: Omitted[] = [];
  const merged = merge(said, live, { ...place, omitted });
  const told = omitted.filter(({ path }) => !isKeyField(path, place.path.length, key));
  place.omitted.push(...told);
  if (said !== undefined) return merged;
  if (told.length === 0) place.omitted.push(place);
  return isJsonObject(merged) ? { ...key, ...merged } : { ...key };
}

function isKeyField(path: Path, depth: number, key: JsonObject): boolean {
  const last = path[depth];
  return path.length === depth + 1 && typeof last === 'string' && Object.hasOwn(key, last);
}

/** The manifest's own order; what is carried forward stands after the element that it follows in the live list. */
function inOrder(
  said: readonly Json[],
  liveIds: readonly string[],
  merged: ReadonlyMap<string, Json>,
  shape: ListShape,
): readonly Json[] {
  const saidIds = new Set(said.map((element) => elementId(shape, element)));
  const following = new Map<string | undefined, Json[]>();
  let anchor: string | undefined;
  for (const id of liveIds) {
    const carried = merged.get(id);
    if (saidIds.has(id)) anchor = id;
    else if (carried !== undefined) {
      const group = following.get(anchor);
      if (group === undefined) following.set(anchor, [carried]);
      else group.push(carried);
    }
  }
  const ordered = [...(following.get(undefined) ?? [])];
  for (const element of said) {
    const id = elementId(shape, element);
    ordered.push((id === undefined ? undefined : merged.get(id)) ?? element);
    if (id !== undefined) ordered.push(...(following.get(id) ?? []));
  }
  return ordered;
}
