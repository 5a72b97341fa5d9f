import { publishedSchema } from '../../../src/config/published.ts';
import { type JsonSchema, row } from './json-schema.ts';

interface Key {
  readonly path: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/** Every key of `countersign.yaml`, as the schema has it. */
export const configurationTable = (): string =>
  [
    row(['key', 'takes', 'default', 'what it says']),
    row(['---', '---', '---', '---']),
    ...configurationKeys().map(({ path, schema, required }) =>
      row([`\`${path}\``, takes(schema), fallback(schema, required), schema.description ?? '']),
    ),
  ].join('\n');

/** One entry a path: what several variants of a union have in common is listed once. */
function configurationKeys(): readonly Key[] {
  const keys = new Map<string, Key>();
  for (const key of below('', publishedSchema() as JsonSchema, false)) if (!keys.has(key.path)) keys.set(key.path, key);
  return [...keys.values()];
}

/** What one variant of a union requires is not required of everybody. */
function below(path: string, schema: JsonSchema, variant: boolean): readonly Key[] {
  const dot = path === '' ? '' : `${path}.`;
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const required = !variant && (schema.required ?? []).includes(name);
    return [{ path: `${dot}${name}`, schema: member, required }, ...below(`${dot}${name}`, member, false)];
  });
  const named = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  return [
    ...members,
    ...(named === undefined ? [] : entry(`${dot}<name>`, named, variant)),
    ...(schema.items === undefined ? [] : below(`${path}[]`, schema.items, variant)),
    ...(schema.anyOf ?? []).flatMap((each) => below(path, each, true)),
  ];
}

const entry = (path: string, schema: JsonSchema, variant: boolean): readonly Key[] =>
  schema.properties === undefined && schema.anyOf?.every(({ properties }) => properties !== undefined) !== true
    ? [{ path, schema, required: false }]
    : below(path, schema, variant);

function takes(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((each) => `\`${String(each)}\``).join(', ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(takes))].join(' or ');
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : takes(schema.items)}`;
  return schema.type ?? '';
}

function fallback(schema: JsonSchema, required: boolean): string {
  if (required) return 'required';
  const plain = schema.default !== undefined && (typeof schema.default !== 'object' || Array.isArray(schema.default));
  return plain ? `\`${JSON.stringify(schema.default)}\`` : '';
}
