import { invalid } from '../errors.ts';
import type { Json } from '../json.ts';

const maxDepth = 100;
/** Nodes and characters of one document once its aliases are written out. */
const maxWeight = 4_000_000;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

export const isForbiddenKey = (key: string): boolean => forbiddenKeys.has(key);

/**
 * A copy that is JSON and nothing else, and shares nothing with what it came from or within itself.
 * @throws Invalid for what JSON cannot hold exactly, for keys that reach a prototype, for too deep or too big a value
 */
export function checkedCopy(value: unknown, where: string): Json {
  return copy(value, 0, { where, weight: 0 });
}

interface Walk {
  readonly where: string;
  weight: number;
}

function copy(value: unknown, depth: number, walk: Walk): Json {
  walk.weight += typeof value === 'string' ? value.length + 1 : 1;
  if (walk.weight > maxWeight)
    throw invalid(`${walk.where} is too big once its aliases are written out`, 'write it without aliases, or split it');
  if (depth > maxDepth)
    throw invalid(`${walk.where} is nested more than ${maxDepth} levels deep`, 'Kubernetes objects are not that deep');
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return checkedString(value, walk.where);
  if (typeof value === 'number') return checkedNumber(value, walk.where);
  if (Array.isArray(value)) return value.map((each) => copy(each, depth + 1, walk));
  if (typeof value !== 'object') throw notJson(walk.where);
  return copyMembers(value, depth, walk);
}

function copyMembers(value: object, depth: number, walk: Walk): Json {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw notJson(walk.where);
  const members: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) {
    if (isForbiddenKey(key))
      throw invalid(`${walk.where} has the key ${JSON.stringify(key)}, which is not allowed`, 'remove that key');
    walk.weight += key.length;
    members[checkedString(key, walk.where)] = copy(member, depth + 1, walk);
  }
  return members;
}

function checkedNumber(value: number, where: string): number {
  if (!Number.isFinite(value))
    throw invalid(`${where} has a number that is not finite`, 'quote it, if it is meant as text');
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw invalid(`${where} has an integer beyond 2^53, which would be rounded`, 'quote it, if it is meant as text');
  return value;
}

function checkedString(value: string, where: string): string {
  if (!value.isWellFormed())
    throw invalid(`${where} has half of a character (a lone surrogate)`, 'send well-formed Unicode text');
  return value;
}

const notJson = (where: string): Error => invalid(`${where} is not JSON`, 'send objects, lists, strings and numbers');
