import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { compose, ident, type Masked, type MaskedPart } from '../masked.ts';
import { fits } from './check.ts';
import type { Facts } from './facts.ts';
import { callFactSpecs, objectFactSpecs } from './spec.ts';
import type { FactSpec } from './specs/type.ts';

/**
 * Facts as the audit log has them: what is absent is left out, members are sorted, and each text has been made safe to show,
 * what may hold a secret by the mask.
 */
export function factsRecord({ call, objects }: Facts, mask: (text: string) => Masked<string>): Masked<JsonObject> {
  const record = (facts: object): MaskedPart =>
    Object.fromEntries(sorted(facts).map(([name, value]) => [name, partOf(value, free.has(name) ? mask : ident)]));
  return compose({ call: record(call), objects: objects.map(record) });
}

/** Facts in which a program or a person may have written anything. */
const free = new Set(['exec', 'labels', 'namespaceLabels']);

const sorted = (members: object): readonly [string, unknown][] =>
  Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));

function partOf(value: unknown, text: (value: string) => MaskedPart): MaskedPart {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map((each) => partOf(each, text));
  return Object.fromEntries(sorted(value ?? {}).map(([key, each]) => [key, partOf(each, text)]));
}

/**
 * Facts from the audit log. A fact that is not there, as one that was absent or that an older version did not know, is absent.
 * @throws TypeError for what is no record of facts
 */
export function parseFacts(text: string): Facts {
  const parsed: unknown = JSON.parse(text);
  if (!isJsonObject(parsed) || !isJsonObject(parsed.call) || !Array.isArray(parsed.objects))
    throw new TypeError('a record of facts has a call and objects');
  const objects: readonly Json[] = parsed.objects;
  return { call: checked(callFactSpecs, parsed.call), objects: objects.map((each) => checked(objectFactSpecs, each)) };
}

function checked<T extends object>(specs: readonly FactSpec[], facts: Json | undefined): T {
  if (!isJsonObject(facts)) throw new TypeError('the facts of an object are an object');
  const known = specs.map(({ name, type }): [string, Json | undefined] => {
    const value = Object.hasOwn(facts, name) ? facts[name] : undefined;
    if (value !== undefined && !fits(type, value))
      throw new TypeError(`the fact ${name} is not ${JSON.stringify(type)}`);
    return [name, value];
  });
  return Object.fromEntries(known) as T;
}
