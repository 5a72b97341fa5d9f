import { invalid } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { ident } from '../masked.ts';

export interface Origin {
  /** `document 2, item 3 of its List`. */
  readonly where: string;
}

/** What the server writes; applying it would fail, or pin the object to a state that is gone. */
const managed = ['managedFields', 'resourceVersion', 'uid', 'creationTimestamp', 'generation', 'selfLink'] as const;

/** One object that can be applied, without what the server manages. @throws Invalid for what is missing */
export function clean(value: Json, origin: Origin, notes: string[]): JsonObject {
  if (!isJsonObject(value)) throw invalid(`${origin.where} is ${nameOf(value)}, not an object`, wanted);
  const apiVersion = text(value.apiVersion, 'apiVersion', origin);
  const kind = text(value.kind, 'kind', origin);
  const where = `${origin.where} (${ident(kind)}, ${ident(apiVersion)})`;
  const metadata = value.metadata;
  if (!isJsonObject(metadata)) throw invalid(`${where}: metadata.name is missing`, wanted);
  if (metadata.generateName !== undefined)
    throw invalid(
      `${where}: metadata.generateName cannot be applied, since each apply would make another object`,
      'give metadata.name instead, a name of your own, and remove generateName',
    );
  text(metadata.name, 'metadata.name', { where });
  if (metadata.namespace !== undefined && metadata.namespace !== null)
    text(metadata.namespace, 'metadata.namespace', { where });
  return without(value, metadata, where, notes);
}

function without(value: JsonObject, metadata: JsonObject, where: string, notes: string[]): JsonObject {
  const { status, ...rest } = value;
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key, member]) => !isManaged(key, member)));
  const removed = managed.filter((key) => says(metadata[key])).map((key) => `metadata.${key}`);
  const left = says(status) ? ['status', ...removed] : removed;
  if (left.length > 0) notes.push(`${where}: left out ${left.join(', ')}, which the server manages`);
  return { ...rest, metadata: kept };
}

/** A namespace of null is one that was left out. */
const isManaged = (key: string, member: Json | undefined): boolean =>
  managed.some((each) => each === key) || (key === 'namespace' && member === null);

/** Generators write `creationTimestamp: null` and `status: {}`: nothing is lost with them. */
const says = (value: Json | undefined): boolean =>
  value !== undefined && value !== null && !(typeof value === 'object' && Object.keys(value).length === 0);

function text(value: Json | undefined, key: string, origin: Origin): string {
  if (typeof value === 'string' && value !== '') return value;
  if (value === undefined || value === null || value === '')
    throw invalid(`${origin.where}: ${key} is missing`, wanted);
  throw invalid(`${origin.where}: ${key} is ${nameOf(value)}, not a string`, `put the value of ${key} in quotes`);
}

const nameOf = (value: Json): string =>
  Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;

const wanted = 'each document is one object with apiVersion, kind and metadata.name';
