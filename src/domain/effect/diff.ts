import type { Change } from '../effect.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { formatPath, type Path } from '../path.ts';
import { type FieldNode, structureOf } from './fieldsv1.ts';
import { HiddenPaths, nodeOf, stepTo } from './hidden.ts';
import { elementsById, isOrdered, type ListShape, member, sameJson, shapeOf } from './lists.ts';
import { isAllocated, isNeverStored, isNoise } from './noise.ts';
import { stringDataPaths, withStringData } from './string-data.ts';

export interface DiffInput {
  /**
   * What the dry-runs were pinned to by uid and resourceVersion, in digest form; undefined: a create. Read it before them: a
   * writer in between then is a 409 and not a change that would look like ours.
   */
  readonly live: JsonObject | undefined;
  readonly dryRunA: JsonObject;
  /** The same request once more: what differs from the first is set anew each time. */
  readonly dryRunB: JsonObject;
  /** What is to be sent, in digest form. */
  readonly body: JsonObject;
  /** Leaves that the mask hides, of all of these objects. */
  readonly sensitive: readonly Path[];
  /** Leaves of the live object that the mask hides for their value alone. */
  readonly copies?: readonly Path[];
  /** What was carried forward: not what the caller said, so it is a change only if it differs. */
  readonly stays?: readonly string[];
}

export interface Diff {
  /** By path. A hidden leaf or a copy that the caller said is among them though it is equal: its absence would answer a guess. */
  readonly changes: readonly Change[];
  /** Paths that differ between the two dry-runs. One that the body has is among the changes too, with the body's value. */
  readonly varies: readonly string[];
  /** Paths that the server gives a value when it really runs. */
  readonly allocated: readonly string[];
}

interface Sides {
  readonly live: Json | undefined;
  readonly a: Json | undefined;
  readonly b: Json | undefined;
  readonly body: Json | undefined;
}

interface Place {
  readonly path: Path;
  /** The member that holds this list, by whose name well-known lists are known. */
  readonly name: string;
  readonly node: FieldNode | undefined;
  readonly hidden: boolean;
  readonly noise: boolean;
}

interface Context {
  readonly input: DiffInput;
  readonly hiddenPaths: HiddenPaths;
  readonly copies: HiddenPaths;
  readonly changes: Change[];
  readonly varies: string[];
  readonly allocated: Set<string>;
}

/**
 * From live to what the dry-run says will be, path by path: elements of associative lists by key, of sets by value, of atomic
 * lists by index. What a server writes on its own account is left out, unless the body has it.
 */
export function changes(input: DiffInput): Diff {
  const { live, dryRunA, dryRunB, sensitive, copies = [] } = input;
  const body = withStringData(input.body);
  const structure = structureOf(live, dryRunA, dryRunB);
  const hiddenPaths = new HiddenPaths([...sensitive, ...stringDataPaths(body)], [live, dryRunA, body], structure);
  const context: Context = {
    input,
    hiddenPaths,
    copies: new HiddenPaths(copies, [live], structure),
    changes: [],
    varies: [],
    allocated: new Set(),
  };
  const root = { path: [], name: '', node: structure, hidden: false, noise: false };
  walk({ live, a: dryRunA, b: dryRunB, body }, root, context);
  return {
    changes: context.changes.sort((x, y) => (x.path < y.path ? -1 : x.path > y.path ? 1 : 0)),
    varies: context.varies.sort(),
    allocated: [...context.allocated].sort(),
  };
}

function walk(sides: Sides, above: Place, context: Context): void {
  const path = formatPath(above.path);
  const values = [sides.live, sides.a, sides.b].filter((value) => value !== undefined);
  const noise = above.noise || isNoise(context.input.dryRunA, path, values.at(-1));
  if ((noise && sides.body === undefined) || isNeverStored(context.input.dryRunA, path)) return;
  const place = { ...above, noise, hidden: above.hidden || context.hiddenPaths.at(path) };
  if (isAllocatedHere(sides, path, context)) return;
  const shown = values.length === 0 && sides.body !== undefined ? [sides.body] : values;
  if (shown.every(isJsonObject)) walkMembers(sides, shown, place, context);
  else if (shown.every((value) => Array.isArray(value))) walkElements(sides, shown, place, context);
  else leaf(sides, place, context);
}

function isAllocatedHere({ live, a, body }: Sides, path: string, context: Context): boolean {
  const said = body !== undefined && body !== '' && body !== 0;
  if (live !== undefined || a === undefined || said) return false;
  if (!isAllocated(context.input.dryRunA, path, a, context.input.body)) return false;
  context.allocated.add(path);
  return true;
}

function walkMembers(sides: Sides, shown: readonly JsonObject[], place: Place, context: Context): void {
  const names = new Set([...shown, ...(isJsonObject(sides.body) ? [sides.body] : [])].flatMap(Object.keys));
  if (names.size === 0) leaf(sides, place, context);
  for (const name of names) {
    const node = place.node?.children.get(`f:${name}`)?.node;
    const below = { ...place, path: [...place.path, name], name, node };
    walk(
      each(sides, (side) => member(side, name)),
      below,
      context,
    );
  }
}

function walkElements(sides: Sides, shown: readonly (readonly Json[])[], place: Place, context: Context): void {
  const shape = shapeOf(place.name, place.node, shown);
  if (shown.every((list) => list.length === 0)) leaf(sides, place, context);
  else if (shape.kind === 'atomic') walkIndexes(sides, shown, place, context);
  else walkByIdentity(sides, shown, shape, place, context);
}

function walkIndexes(sides: Sides, shown: readonly (readonly Json[])[], place: Place, context: Context): void {
  const length = Math.max(...shown.map((list) => list.length));
  for (let index = 0; index < length; index++) {
    const below = { ...place, path: [...place.path, { index }], name: '', node: undefined };
    walk(
      each(sides, (side) => (Array.isArray(side) ? (side as readonly Json[])[index] : undefined)),
      below,
      context,
    );
  }
}

function walkByIdentity(
  sides: Sides,
  shown: readonly (readonly Json[])[],
  shape: ListShape,
  place: Place,
  context: Context,
): void {
  const lists = shown.map((list) => elementsById(shape, list));
  const [live, a, b, body] = [sides.live, sides.a, sides.b, sides.body].map((side) => elementsById(shape, side));
  const elements = new Map(lists.flatMap((list) => [...list]));
  for (const [id, element] of elements) {
    const below = {
      ...place,
      path: [...place.path, stepTo(shape, element, 0)],
      name: '',
      node: nodeOf(place.node, shape, element),
    };
    walk({ live: live?.get(id), a: a?.get(id), b: b?.get(id), body: body?.get(id) }, below, context);
  }
  if (isOrdered(place.name) && live !== undefined && a !== undefined) reordered(live, a, place, context);
}

/** The order of what stays, where it decides which container starts first or which variable is known. */
function reordered(
  live: ReadonlyMap<string, Json>,
  a: ReadonlyMap<string, Json>,
  place: Place,
  context: Context,
): void {
  const names = (list: ReadonlyMap<string, Json>, other: ReadonlyMap<string, Json>): readonly Json[] =>
    [...list].filter(([id]) => other.has(id)).map(([, element]) => member(element, 'name') ?? null);
  const from = names(live, a);
  const to = names(a, live);
  if (!sameJson(from, to)) context.changes.push({ path: formatPath(place.path), from, to, hidden: false });
}

const each = ({ live, a, b, body }: Sides, pick: (side: Json | undefined) => Json | undefined): Sides => ({
  live: pick(live),
  a: pick(a),
  b: pick(b),
  body: pick(body),
});

function leaf({ live, a, b, body }: Sides, place: Place, context: Context): void {
  const path = formatPath(place.path);
  const varies = !sameJson(a, b);
  if (varies) context.varies.push(path);
  if (varies && body === undefined) return;
  // Two dry-runs that disagree, or a field that the server drops: what was submitted is what can be shown for sure.
  const dropped = a === undefined && live === undefined && isSaid(body);
  const to = varies || dropped ? body : a;
  const hidden = place.hidden || context.hiddenPaths.below(path);
  const isCopy = !hidden && (context.copies.at(path) || context.copies.below(path));
  const guessed = (hidden || isCopy) && body !== undefined && !(context.input.stays ?? []).includes(path);
  if (sameJson(live, to) && !(guessed && to !== undefined)) return;
  context.changes.push({ path, from: live, to, hidden, ...(isCopy ? { copy: true } : {}) });
}

/** A value that means something: null and empty containers are dropped by the server without a change. */
const isSaid = (body: Json | undefined): boolean =>
  body !== undefined && body !== null && (typeof body !== 'object' || Object.keys(body).length > 0);
