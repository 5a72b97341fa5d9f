import type { Json, JsonObject, KubeObject } from './json.ts';
import { isObject, listAt, objectAt, stringAt } from './json.ts';

export const nameOf = (object: KubeObject): string => stringAt(object.metadata, 'name') ?? '';
export const namespaceOf = (object: KubeObject): string => stringAt(object.metadata, 'namespace') ?? '';
export const uidOf = (object: KubeObject): string => stringAt(object.metadata, 'uid') ?? '';
export const versionOf = (object: KubeObject): string => stringAt(object.metadata, 'resourceVersion') ?? '';
export const isTerminating = (object: KubeObject): boolean =>
  stringAt(object.metadata, 'deletionTimestamp') !== undefined;

export const finalizersOf = (object: KubeObject): string[] =>
  listAt(object.metadata, 'finalizers').filter((entry) => typeof entry === 'string');

export function setFinalizers(object: KubeObject, finalizers: string[]): void {
  if (finalizers.length === 0) delete object.metadata.finalizers;
  else object.metadata.finalizers = finalizers;
}

export const ownerUids = (object: KubeObject): string[] =>
  listAt(object.metadata, 'ownerReferences').flatMap((owner) => stringAt(owner, 'uid') ?? []);

export const labelsOf = (object: KubeObject): JsonObject => objectAt(object.metadata, 'labels');

/** RFC 3339 in seconds, as metav1.Time is written. */
export const timestamp = (date: Date): string => date.toISOString().replace(/\.\d{3}Z$/, 'Z');

/** A value that has the shape of an object of the API, or undefined. */
export function asKubeObject(value: Json | undefined): KubeObject | undefined {
  if (!isObject(value)) return undefined;
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isObject(metadata)) return undefined;
  return { ...value, apiVersion, kind, metadata };
}
