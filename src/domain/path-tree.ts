import { canonicalJson } from './canonical.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import type { Path } from './path.ts';

/** Paths by their steps, so that all of them are followed in one walk: one walk for each would take minutes where there are many. */
export interface PathTree {
  /** The path that ends here. */
  end: Path | undefined;
  readonly members: Map<string, PathTree>;
  readonly indexes: Map<number, PathTree>;
  readonly values: Map<string, PathTree>;
  /** By the names of the key fields, then by their values. */
  readonly keys: Map<string, { readonly fields: readonly string[]; readonly elements: Map<string, PathTree> }>;
}

const emptyTree = (): PathTree => ({
  end: undefined,
  members: new Map(),
  indexes: new Map(),
  values: new Map(),
  keys: new Map(),
});

export function treeOf(paths: readonly Path[]): PathTree {
  const root = emptyTree();
  for (const path of paths) {
    let here = root;
    for (const step of path) here = below(here, step);
    here.end ??= path;
  }
  return root;
}

function below(tree: PathTree, step: Path[number]): PathTree {
  if (typeof step === 'string') return child(tree.members, step);
  if ('index' in step) return child(tree.indexes, step.index);
  if ('value' in step) return child(tree.values, canonicalJson(step.value));
  const fields = Object.keys(step.key).sort();
  const name = fields.join('\0');
  const found = tree.keys.get(name) ?? { fields, elements: new Map<string, PathTree>() };
  tree.keys.set(name, found);
  return child(found.elements, canonicalJson(step.key));
}

function child<Key>(trees: Map<Key, PathTree>, key: Key): PathTree {
  const found = trees.get(key) ?? emptyTree();
  trees.set(key, found);
  return found;
}

type Replace = (path: Path, leaf: Json) => Json;

/** A copy with what stands at each path replaced. What stands below a path that ends higher up goes with it. */
export function replaceLeaves(value: Json, tree: PathTree, replace: Replace): Json {
  if (tree.end !== undefined) return replace(tree.end, value);
  if (Array.isArray(value)) return value.map((each: Json, index) => replaceElement(each, index, tree, replace));
  if (!isJsonObject(value) || tree.members.size === 0) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const here = tree.members.get(name);
      return [name, here === undefined ? member : replaceLeaves(member, here, replace)];
    }),
  );
}

function replaceElement(element: Json, index: number, tree: PathTree, replace: Replace): Json {
  const here = [
    tree.indexes.get(index),
    tree.values.size === 0 ? undefined : tree.values.get(canonicalJson(element)),
    ...[...tree.keys.values()].map(({ fields, elements }) => elements.get(keyText(element, fields) ?? '')),
  ];
  return here.reduce<Json>((now, found) => (found === undefined ? now : replaceLeaves(now, found, replace)), element);
}

function keyText(element: Json, fields: readonly string[]): string | undefined {
  if (!isJsonObject(element)) return undefined;
  const key: JsonObject = Object.fromEntries(fields.map((field) => [field, element[field] ?? null]));
  return canonicalJson(key);
}
