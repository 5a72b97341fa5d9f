import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts';
import { isSensitiveData } from '../names.ts';
import type { Walker } from './walker.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Copies of the whole object stand in annotations: they are masked as the object is. */
export function maskAnnotations(walker: Walker, annotations: JsonObject, ofSecret: boolean): Json {
  return walker.members(annotations, (key, value) => {
    if (typeof value !== 'string') return walker.any(value, '');
    if (isSensitiveData(key) || (ofSecret && (key === lastApplied || /^\s*(?:[{[]|H4sI)/.test(value))))
      return walker.hide(value, `annotation ${key}`);
    if (!/^\s*[{[]/.test(value)) return walker.text(value);
    const source = `annotation ${key}`;
    return walker.embedded(value, source) ?? (key === lastApplied ? walker.hide(value, source) : walker.text(value));
  });
}

/** Elements of sets stand in managedFields as keys, by their values. */
export function maskManagedFields(walker: Walker, value: Json): Json {
  const clean = (key: string): string => (isValueKey(key) ? walker.cleanText(key) : key);
  return hasValueKeys(value, clean) ? renamed(value, clean) : value;
}

const isValueKey = (key: string): boolean => key.startsWith('v:') || key.startsWith('k:');

function hasValueKeys(node: Json, clean: (key: string) => string): boolean {
  if (Array.isArray(node)) return node.some((each: Json) => hasValueKeys(each, clean));
  if (!isJsonObject(node)) return false;
  for (const key in node) if (clean(key) !== key || hasValueKeys(node[key] as Json, clean)) return true;
  return false;
}

function renamed(node: Json, clean: (key: string) => string): Json {
  if (Array.isArray(node)) return node.map((each: Json) => renamed(each, clean));
  if (!isJsonObject(node)) return node;
  return Object.fromEntries(Object.entries(node).map(([key, below]) => [clean(key), renamed(below, clean)]));
}
