import { columnsOf, since } from './columns.ts';
import { isObject, type Json, type JsonObject, type KubeObject, stringAt } from './json.ts';
import type { Kind, PrinterColumn } from './kinds.ts';
import { metadataOnly } from './read.ts';
import { badRequest } from './status.ts';

/** A value by the simple JSON paths of printer columns: `.spec.a[0].b`, `.status.conditions[?(@.type=="Ready")].status`. */
function jsonPath(object: Json, path: string): Json | undefined {
  const steps = path.match(/\[\?\(@\.\w+==["'][^"']*["']\)\]|\[\d+\]|\['[^']*'\]|\.(?:\\.|[^.[\\])+/g) ?? [];
  return steps.reduce<Json | undefined>(step, object);
}

function step(value: Json | undefined, text: string): Json | undefined {
  const filter = /^\[\?\(@\.(\w+)==["']([^"']*)["']\)\]$/.exec(text);
  if (filter) {
    const [, key = '', wanted] = filter;
    return Array.isArray(value) ? value.find((each) => stringAt(each, key) === wanted) : undefined;
  }
  const index = /^\[(\d+)\]$/.exec(text);
  if (index) return Array.isArray(value) ? value[Number(index[1])] : undefined;
  const key = text.startsWith('.') ? text.slice(1).replaceAll('\\', '') : text.slice(2, -2);
  return isObject(value) ? value[key] : undefined;
}

interface Printed {
  readonly definition: JsonObject;
  readonly cell: (object: KubeObject, now: Date) => Json;
}

const definition = (name: string, type: string, priority: number, format = ''): JsonObject => ({
  name,
  type,
  format: name === 'Name' ? 'name' : format,
  description: `${name} of the object.`,
  priority,
});

const customColumn = ({ name, type, priority, jsonPath: path }: PrinterColumn): Printed => ({
  definition: definition(name, type, priority),
  cell: (object, now) => {
    const value = jsonPath(object, path);
    if (type === 'date') return since(typeof value === 'string' ? value : undefined, now);
    return value === undefined || isObject(value) || Array.isArray(value)
      ? value === undefined
        ? null
        : JSON.stringify(value)
      : value;
  },
});

function printed(kind: Kind): Printed[] {
  const builtin = (resource: string, group: string): Printed[] =>
    columnsOf(resource, group).map(({ name, priority, cell }) => ({
      definition: definition(name, 'string', priority),
      cell,
    }));
  if (kind.columns === undefined) return builtin(kind.resource, kind.group);
  const [name, age] = builtin('', '');
  if (!name || !age) return [];
  return kind.columns.length === 0 ? [name, age] : [name, ...kind.columns.map(customColumn)];
}

/** A `Table` (meta.k8s.io/v1) of objects; `include` is the query's includeObject: None, Metadata (default) or Object. */
export function tableOf(
  kind: Kind,
  objects: KubeObject[],
  metadata: JsonObject,
  include: string,
  now: Date,
): JsonObject {
  if (!['None', 'Metadata', 'Object', ''].includes(include))
    throw badRequest(`unrecognized includeObject value: ${JSON.stringify(include)}`);
  const columns = printed(kind);
  const embedded = (object: KubeObject): JsonObject =>
    include === 'None' ? {} : { object: include === 'Object' ? object : metadataOnly(object) };
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map((column) => column.definition),
    rows: objects.map((object) => ({ cells: columns.map((column) => column.cell(object, now)), ...embedded(object) })),
  };
}

/** Metadata of a table of one object. */
export const singleMetadata = (object: KubeObject): JsonObject => ({
  resourceVersion: stringAt(object.metadata, 'resourceVersion') ?? '',
});
