import { at, isJsonObject, type Json, type JsonObject, listAt, stringAt } from '../domain/json.ts';
import type { KnownValue } from '../domain/masker.ts';
import { isSensitiveVariable } from './names.ts';

export interface SecretReference {
  readonly name: string;
  /** Undefined: the pod's. */
  readonly namespace?: string;
  /** The pod runs without it too. */
  readonly optional: boolean;
  /** Where the pod says so, for people. */
  readonly from: string;
}

const containersOf = (pod: JsonObject): readonly Json[] =>
  ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) => listAt(pod, 'spec', list));

/** Secrets in the environment and the volumes of a pod, the plugins' own among them. */
export const secretsOf = (pod: JsonObject): readonly SecretReference[] => [
  ...containersOf(pod).flatMap((container) => [
    ...listAt(container, 'env').flatMap((each) => reference(at(each, 'valueFrom', 'secretKeyRef'), 'name', 'env')),
    ...listAt(container, 'envFrom').flatMap((each) => reference(at(each, 'secretRef'), 'name', 'envFrom')),
  ]),
  ...listAt(pod, 'spec', 'volumes').flatMap((volume) => inVolume(volume, `volume ${stringAt(volume, 'name') ?? ''}`)),
];

/** Every shape in which a volume names a Secret: `secretName`, `secretRef`, `nodePublishSecretRef`, projected sources. */
function inVolume(value: Json, from: string): readonly SecretReference[] {
  if (Array.isArray(value)) return value.flatMap((each: Json) => inVolume(each, from));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    if (key === 'secretName') return reference(value, key, from);
    if (key === 'secret' || /secretref$/i.test(key))
      return [...reference(member, 'name', from), ...reference(member, 'secretName', from)];
    return inVolume(member, from);
  });
}

function reference(value: Json | undefined, key: string, from: string): readonly SecretReference[] {
  const name = stringAt(value, key);
  if (name === undefined || name === '') return [];
  const namespace = stringAt(value, 'namespace');
  const optional = at(value, 'optional') === true;
  return [{ name, optional, from, ...(namespace === undefined ? {} : { namespace }) }];
}

/** Values that the pod itself spells out under names of secrets. */
export const inlineValues = (pod: JsonObject): readonly KnownValue[] =>
  containersOf(pod).flatMap((container) =>
    listAt(container, 'env').flatMap((each) => {
      const name = stringAt(each, 'name');
      const value = stringAt(each, 'value');
      if (name === undefined || value === undefined || !isSensitiveVariable(name)) return [];
      return Buffer.byteLength(value) < 8 ? [] : [{ value, source: `env ${name}` }];
    }),
  );
