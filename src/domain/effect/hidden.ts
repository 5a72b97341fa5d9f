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

  constructor(sensitive: readonly Path[], objects: readonly (JsonObject | undefined)[], structure: FieldNode) {
    for (const path of sensitive) {
      for (const object of objects) if (object !== undefined) this.#add(restate(path, object, structure));
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

function restate(path: Path, object: JsonObject, structure: FieldNode): Path {
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
      const shape = shapeOf(name, node, [list]);
      const index = list.findIndex((element, position) => isAt(element, position, step));
      here = list[index];
      node = here === undefined ? undefined : nodeOf(node, shape, here);
      said.push(here === undefined ? step : stepTo(shape, here, index));
    }
  }
  return said;
}

function isAt(element: Json, position: number, step: Exclude<PathStep, string>): boolean {
  if ('index' in step) return position === step.index;
  if ('value' in step) return sameJson(element, step.value);
  const key = isJsonObject(element) ? keyOf(Object.keys(step.key), element) : undefined;
  return key !== undefined && sameJson(key, step.key);
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
