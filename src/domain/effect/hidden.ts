import { canonicalJson } from '../canonical.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { formatPath, type Path, type PathStep } from '../path.ts';
import type { FieldNode } from './fieldsv1.ts';
import { elementId, keyOf, type ListShape, member, sameJson, shapeOf } from './lists.ts';

/**
 * The leaves that the mask hides, as this folder writes paths. The mask may name an element by index or by key, whichever it
 * found in its own reading; here each is said as the list is matched, for every object at hand.
 */
export class HiddenPaths {
  readonly #at = new Set<string>();
  readonly #above = new Set<string>();

  readonly #lists: Lists = new WeakMap();

  constructor(sensitive: readonly Path[], objects: readonly (JsonObject | undefined)[], structure: FieldNode) {
    for (const path of sensitive) {
      for (const object of objects) if (object !== undefined) this.#add(restate(path, object, structure, this.#lists));
    }
  }

  #add(path: Path): void {
    this.#at.add(formatPath(path));
    for (let length = 0; length < path.length; length++) this.#above.add(formatPath(path.slice(0, length)));
  }

  /** Whether exactly this place is hidden; what is below it is too, which a walk from above knows by itself. */
  at(path: string): boolean {
    return this.#at.has(path);
  }

  /** Whether something below this place is hidden. */
  below(path: string): boolean {
    return this.#above.has(path);
  }
}

/** What was found out about a list, which many hidden leaves stand in. */
type Lists = WeakMap<readonly Json[], { readonly shape: ListShape; readonly places: Map<string, Map<string, number>> }>;

function restate(path: Path, object: JsonObject, structure: FieldNode, lists: Lists): Path {
  const said: PathStep[] = [];
  let here: Json | undefined = object;
  let node: FieldNode | undefined = structure;
  let name = '';
  for (const step of path) {
    if (typeof step === 'string') {
      here = member(here, step);
      node = node?.children.get(`f:${step}`)?.node;
      name = step;
      said.push(step);
    } else {
      const list: readonly Json[] = Array.isArray(here) ? here : [];
      const known = lists.get(list) ?? { shape: shapeOf(name, node, [list]), places: new Map() };
      lists.set(list, known);
      const { shape } = known;
      const index = placeOf(list, step, known.places);
      here = list[index];
      node = here === undefined ? undefined : nodeOf(node, shape, here);
      said.push(here === undefined ? step : stepTo(shape, here, index));
    }
  }
  return said;
}

function placeOf(
  list: readonly Json[],
  step: Exclude<PathStep, string>,
  places: Map<string, Map<string, number>>,
): number {
  if ('index' in step) return step.index;
  if ('value' in step) return list.findIndex((element) => sameJson(element, step.value));
  const fields = Object.keys(step.key).sort();
  const known = places.get(fields.join('\0')) ?? placesBy(list, fields);
  places.set(fields.join('\0'), known);
  return known.get(canonicalJson(step.key)) ?? -1;
}

function placesBy(list: readonly Json[], fields: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  list.forEach((element, index) => {
    const key = isJsonObject(element) ? keyOf(fields, element) : undefined;
    if (key !== undefined && !found.has(canonicalJson(key))) found.set(canonicalJson(key), index);
  });
  return found;
}

/** The step that leads to an element in a list of this shape. */
export function stepTo(shape: ListShape, element: Json, index: number): PathStep {
  if (shape.kind === 'set') return { value: element };
  const key = shape.kind === 'map' ? keyOf(shape.keys, element) : undefined;
  return key === undefined ? { index } : { key };
}

/** What managedFields say about one element of a list. */
export function nodeOf(node: FieldNode | undefined, shape: ListShape, element: Json): FieldNode | undefined {
  if (node === undefined || shape.kind === 'atomic') return undefined;
  const id = elementId(shape, element);
  if (id === undefined) return undefined;
  // The API server writes keys sorted and compact, which is what canonical JSON is.
  return node.children.get(`${shape.kind === 'map' ? 'k' : 'v'}:${id}`)?.node;
}
