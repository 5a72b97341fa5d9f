import { isMembers } from './values.ts';

/**
 * What closures do with values. Each gives what the interpreter would or throws, which is "not known here": for an error, and for
 * whatever is not spelled out below.
 */
export type Operation = (left: unknown, right: unknown) => unknown;
export type Primitive = string | bigint | number | boolean;

/** Made once: making an error takes longer than a condition. */
const unknown = new Error('not known here: ask the interpreter');

export function fail(): never {
  throw unknown;
}

export const isPrimitive = (value: unknown): value is Primitive =>
  typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean' || typeof value === 'number';
export const there = (value: unknown): unknown => (value === undefined ? fail() : value);
export const bool = (value: unknown): boolean => (typeof value === 'boolean' ? value : fail());
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : fail());
const text = (value: unknown): string => (typeof value === 'string' ? value : fail());

/** Of two values of one primitive type: not of lists, maps, and numbers of two types. */
const comparison =
  (holds: (left: Primitive, right: Primitive) => boolean): Operation =>
  (left, right) =>
    typeof left === typeof right && isPrimitive(left) && isPrimitive(right) ? holds(left, right) : fail();

const equal = comparison((left, right) => left === right);
export const comparisons = {
  '==': equal,
  '!=': comparison((left, right) => left !== right),
  '<': comparison((left, right) => left < right),
  '<=': comparison((left, right) => left <= right),
  '>': comparison((left, right) => left > right),
  '>=': comparison((left, right) => left >= right),
};

export const isIn: Operation = (value, of) =>
  of instanceof Map ? of.has(value) : list(of).some((each) => equal(value, each) === true);

/** `of.name` */
export const memberOf: Operation = (of, name) => {
  if (of instanceof Map) return there(of.get(name));
  return isMembers(of) && !Array.isArray(of) ? there(of[text(name)]) : fail();
};

/** `of[key]` */
export const entryOf: Operation = (of, key) => {
  if (of instanceof Map) return there(of.get(key));
  return typeof key === 'bigint' ? there(list(of)[Number(key)]) : fail();
};

/** Methods of one argument. */
export const methods: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['startsWith', (of, start) => text(of).startsWith(text(start))],
  ['endsWith', (of, end) => text(of).endsWith(text(end))],
  ['contains', (of, part) => text(of).includes(text(part))],
]);

/** Entries of a list or map, code points of a text. */
export function size(value: unknown): bigint {
  if (value instanceof Map) return BigInt(value.size);
  if (typeof value !== 'string') return BigInt(list(value).length);
  let codePoints = 0;
  for (const _ of value) codePoints++;
  return BigInt(codePoints);
}
