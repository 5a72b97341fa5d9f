import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { formatPath, type Path } from '../path.ts';
import { type FieldChild, type FieldNode, type FieldOwner, noFields, owns } from './fieldsv1.ts';
import { type HiddenPaths, nodeOf, stepTo } from './hidden.ts';
import { elementId, shapeOf } from './lists.ts';

interface Place {
  readonly path: Path;
  readonly keys: readonly string[];
  readonly structure: FieldNode | undefined;
  readonly covered: boolean;
}

const serverOwned = ['apiVersion', 'kind', 'status'];
const identity = ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'generation', 'managedFields'];

/**
 * The owner of what no entry names. The API server calls it `before-first-apply` where an object has no managedFields at all,
 * and lets it conflict. Where it has some, only hidden leaves that nobody owns are kept here: they must not answer guesses.
 */
export function beforeFirstApply(
  live: JsonObject,
  recorded: readonly FieldOwner[],
  structure: FieldNode,
  hidden: HiddenPaths,
): FieldOwner {
  const keeps = (place: Place): boolean =>
    recorded.length === 0 ||
    (isHidden(place, hidden) && !recorded.some((owner) => owns(owner.fields, place.keys, structure)));
  const fields = treeOf(live, { path: [], keys: [], structure, covered: false }, hidden, keeps) ?? noFields;
  return { manager: 'before-first-apply', operation: 'Update', subresource: '', apiVersion: '', fields };
}

const isHidden = (place: Place, hidden: HiddenPaths): boolean => place.covered || hidden.below(formatPath(place.path));

function treeOf(
  value: Json,
  place: Place,
  hidden: HiddenPaths,
  keeps: (place: Place) => boolean,
): FieldNode | undefined {
  const covered = place.covered || hidden.at(formatPath(place.path));
  const here = { ...place, covered };
  const steps = childrenOf(value, here);
  if (steps.length === 0) return !isJsonObject(value) && keeps(here) ? noFields : undefined;
  const children = new Map<string, FieldChild>();
  for (const { key, step, element, structure } of steps) {
    const below = { path: [...place.path, step], keys: [...place.keys, key], structure, covered };
    const node = treeOf(element, below, hidden, keeps);
    if (node !== undefined) children.set(key, { step, node });
  }
  return children.size === 0 ? undefined : { self: false, children };
}

interface Below {
  readonly key: string;
  readonly step: Path[number];
  readonly element: Json;
  readonly structure: FieldNode | undefined;
}

/** Nothing for a scalar and for an atomic list, which are leaves, and for an empty map, which is none. */
function childrenOf(value: Json, place: Place): readonly Below[] {
  if (isJsonObject(value)) {
    const skipped = place.path.length === 0 ? serverOwned : formatPath(place.path) === 'metadata' ? identity : [];
    return Object.entries(value)
      .filter(([name]) => !skipped.includes(name))
      .map(([name, element]) => {
        const key = `f:${name}`;
        return { key, step: name, element, structure: place.structure?.children.get(key)?.node };
      });
  }
  if (!Array.isArray(value)) return [];
  const list: readonly Json[] = value;
  const last = place.path.at(-1);
  const shape = shapeOf(typeof last === 'string' ? last : '', place.structure, [list]);
  if (shape.kind === 'atomic') return [];
  return list.map((element, index) => ({
    key: `${shape.kind === 'map' ? 'k' : 'v'}:${elementId(shape, element)}`,
    step: stepTo(shape, element, index),
    element,
    structure: nodeOf(place.structure, shape, element),
  }));
}
