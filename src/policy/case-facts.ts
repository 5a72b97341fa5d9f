import { z } from 'zod';
import type { Target } from '../domain/decision.ts';
import type { Facts } from '../domain/facts/facts.ts';
import { type CallFacts, callFactSpecs, factSpecs, type ObjectFacts, objectFactSpecs } from '../domain/facts/spec.ts';
import type { FactFields, FactSpec, FactType } from '../domain/facts/specs/type.ts';

export const knownFacts: readonly string[] = factSpecs.map(({ name }) => name);

/** What a case says of facts: of those with members only the ones that matter to it. */
export const factsShape = z.strictObject(
  Object.fromEntries(factSpecs.map(({ name, type }) => [name, shapeOf(type).optional()])),
);

function shapeOf(type: FactType): z.ZodType {
  if (typeof type !== 'string') {
    if ('fields' in type) return z.strictObject(membersOf(type.fields)).partial();
    return z.array(z.strictObject(membersOf(type.listOf)).partial());
  }
  if (type === 'list<string>') return z.array(z.string());
  if (type === 'list<int>') return z.array(z.int());
  if (type === 'map<string,string>') return z.record(z.string(), z.string());
  return { bool: z.boolean(), int: z.int(), double: z.number(), string: z.string() }[type];
}

function membersOf(fields: FactFields): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, shapeOf(type)]));
}

/** The facts of a case about one object: typed empties, what the call itself says, and what the case says. */
export function caseFacts(target: Target, said: Readonly<Record<string, unknown>>, absent: readonly string[]): Facts {
  const missing = new Set(absent);
  const of = (specs: readonly FactSpec[]): object =>
    Object.fromEntries(
      specs.flatMap((spec) => {
        const { name, empty, type } = spec;
        if (missing.has(name)) return [];
        return [[name, filled(type, said[name] ?? saidByCall(target, said)[name] ?? empty, empty)]];
      }),
    );
  // Checked by factsShape, and each member that is not said is the empty value of its spec.
  return { call: of(callFactSpecs) as CallFacts, objects: [of(objectFactSpecs) as ObjectFacts] };
}

function saidByCall(target: Target, said: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { access, resourceGroup = '', namespace, name } = target;
  const inNamespace = typeof namespace === 'string' || resourceGroup === 'namespaces';
  const labels = z.record(z.string(), z.string()).safeParse(said.namespaceLabels);
  return {
    objectCount: name === undefined ? 0 : 1,
    verb: access.verb,
    resource: resourceGroup,
    subresource: access.subresource ?? '',
    namespace: namespace ?? '',
    name: name ?? '',
    ...(inNamespace ? { environment: labels.data?.['countersign.dev/environment'] ?? 'production' } : {}),
    action: actionOf(target),
  };
}

function actionOf({ access }: Target): string {
  if (access.subresource === 'exec' || access.subresource === 'scale') return access.subresource;
  return { get: 'read', list: 'read', create: 'create', patch: 'configure', delete: 'delete' }[access.verb];
}

/** Members that a case leaves out are empty. */
function filled(type: FactType, value: unknown, empty: unknown): unknown {
  if (typeof type === 'string') return value;
  if ('fields' in type) return { ...emptyOf(type.fields), ...(empty as object), ...(value as object) };
  return (value as readonly object[]).map((each) => ({ ...emptyOf(type.listOf), ...each }));
}

const emptyOf = (fields: FactFields): object =>
  Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, emptyValue(type)]));

function emptyValue(type: FactType): unknown {
  if (typeof type !== 'string') return 'fields' in type ? emptyOf(type.fields) : [];
  if (type === 'list<string>' || type === 'list<int>') return [];
  if (type === 'map<string,string>') return {};
  return { bool: false, int: 0, double: 0, string: '' }[type];
}
