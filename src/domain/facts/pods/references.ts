import { type Json, type JsonObject, listAt, objectAt, stringAt } from '../../json.ts';
import type { PodShapes } from './shape.ts';

/** What a pod uses beside itself, so what may change after its template was approved. */
export interface References {
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
  readonly serviceAccounts: readonly string[];
  readonly tokenAudiences: readonly string[];
}

/** The volume that admission adds to every pod; only its own token may hide behind the name. */
const automounted = /^kube-api-access-[a-z0-9]{5}$/;

export function referencesIn(shapes: PodShapes): References {
  const named = (...paths: readonly (readonly [member: string, name: string])[]): readonly string[] =>
    paths.flatMap((path) => shapes.having(path[0]).flatMap((each) => textAt(each, ...path)));
  return {
    configMaps: named(['configMapKeyRef', 'name'], ['configMapRef', 'name'], ['configMap', 'name']),
    secrets: [
      ...named(
        ['secretKeyRef', 'name'],
        ['secretRef', 'name'],
        ['secret', 'secretName'],
        ['secret', 'name'],
        ['nodePublishSecretRef', 'name'],
      ),
      ...shapes
        .having('imagePullSecrets')
        .flatMap((each) => listAt(each, 'imagePullSecrets').flatMap((secret) => textAt(secret, 'name'))),
    ],
    serviceAccounts: shapes.having('serviceAccountName').flatMap((each) => textAt(each, 'serviceAccountName')),
    tokenAudiences: shapes.having('projected').flatMap(audiencesOf),
  };
}

function textAt(value: Json, ...path: readonly string[]): readonly string[] {
  const found = stringAt(value, ...path);
  return found === undefined || found === '' ? [] : [found];
}

function audiencesOf(volume: JsonObject): readonly string[] {
  const own = automounted.test(stringAt(volume, 'name') ?? '');
  return listAt(volume, 'projected', 'sources').flatMap((source: Json) => {
    const token = objectAt(source, 'serviceAccountToken');
    if (token === undefined) return [];
    const audience = stringAt(token, 'audience') ?? '';
    return own && audience === '' ? [] : [audience];
  });
}
