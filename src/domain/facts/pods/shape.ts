import { isJsonObject, type Json, type JsonObject, stringAt } from '../../json.ts';

/** Deeper and larger objects are not looked through to their end: they are uninspectable. */
export const walkCaps = { depth: 64, values: 200_000 } as const;

const containerLists = ['containers', 'initContainers', 'ephemeralContainers'] as const;

export interface FoundContainer {
  readonly container: JsonObject;
  /** What has it in its list of containers; undefined: it stands alone, as a step or a sidecar of some CRD. */
  readonly pod: JsonObject | undefined;
  /** Where it stands, list elements by name. */
  readonly path: string;
}

/** What of an object looks like a part of a pod, whatever kind it is and however deep it stands. */
export interface PodShapes {
  /** What has a list of containers. */
  readonly pods: readonly JsonObject[];
  readonly containers: readonly FoundContainer[];
  /** Every security context, whatever the member is called: `securityContext`, `podSecurityContext`. */
  readonly contexts: readonly { readonly context: JsonObject; readonly owner: JsonObject }[];
  /** Every JSON object inside that has this member: for what is dangerous wherever it stands. */
  having(member: string): readonly JsonObject[];
  /** It was not looked through to its end. */
  readonly truncated: boolean;
}

/** What beside an image makes a container of something that stands in no list of containers. */
const besideImage = [
  'name',
  'command',
  'args',
  'script',
  'env',
  'envFrom',
  'ports',
  'resources',
  'securityContext',
  'volumeMounts',
  'imagePullPolicy',
  'workingDir',
];

/** Finds pods by their shape, since a kind says nothing: CRDs hold them under any name. `metadata` and `status` at the top are not looked at. */
export function podShapes(object: JsonObject): PodShapes {
  const known = walked.get(object);
  if (known !== undefined) return known;
  const { metadata: _, status: __, ...content } = object;
  const walk = new Walk();
  walk.visit(content, '', 0);
  walked.set(object, walk);
  return walk;
}

/** Several facts look through the same object; what nobody holds any more is not held here either. */
const walked = new WeakMap<JsonObject, PodShapes>();

class Walk implements PodShapes {
  readonly pods: JsonObject[] = [];
  readonly containers: FoundContainer[] = [];
  readonly contexts: { context: JsonObject; owner: JsonObject }[] = [];
  truncated = false;
  #values = 0;
  readonly #listed = new Set<JsonObject>();
  readonly #members = new Map<string, JsonObject[]>();

  having(member: string): readonly JsonObject[] {
    return this.#members.get(member) ?? [];
  }

  visit(value: Json, path: string, depth: number): void {
    if (typeof value !== 'object' || value === null) return;
    if (depth > walkCaps.depth || ++this.#values > walkCaps.values) {
      this.truncated = true;
      return;
    }
    if (isJsonObject(value)) {
      this.#take(value, path);
      for (const [key, member] of Object.entries(value))
        this.visit(member, path === '' ? key : `${path}.${key}`, depth + 1);
      return;
    }
    const list: readonly Json[] = value;
    for (const [index, element] of list.entries()) this.visit(element, elementPath(path, element, index), depth + 1);
  }

  #take(value: JsonObject, path: string): void {
    for (const [key, member] of Object.entries(value)) {
      const same = this.#members.get(key);
      if (same === undefined) this.#members.set(key, [value]);
      else same.push(value);
      if (isJsonObject(member) && /securitycontext$/i.test(key)) this.contexts.push({ context: member, owner: value });
    }
    const lists = containerLists.filter((list) => elementsOf(value, list).length > 0);
    if (lists.length > 0) this.pods.push(value);
    for (const list of lists)
      elementsOf(value, list).forEach((container, index) => {
        this.#listed.add(container);
        const at = elementPath(path === '' ? list : `${path}.${list}`, container, index);
        this.containers.push({ container, pod: value, path: at });
      });
    if (!this.#listed.has(value) && standsAlone(value))
      this.containers.push({ container: value, pod: undefined, path });
  }
}

const elementsOf = (value: JsonObject, list: string): readonly JsonObject[] => {
  const elements: Json | undefined = Object.hasOwn(value, list) ? value[list] : undefined;
  return Array.isArray(elements) ? elements.filter(isJsonObject) : [];
};

const standsAlone = (value: JsonObject): boolean =>
  stringAt(value, 'image') !== undefined && besideImage.some((key) => Object.hasOwn(value, key));

const elementPath = (list: string, element: Json, index: number): string =>
  `${list}[${JSON.stringify(stringAt(element, 'name') ?? index)}]`;
