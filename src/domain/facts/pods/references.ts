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

export const referencesIn = ({ all }: PodShapes): References => ({
  configMaps: all.flatMap((each) =>
    strings(each, ['configMapKeyRef', 'name'], ['configMapRef', 'name'], ['configMap', 'name']),
  ),
  secrets: all.flatMap((each) => [
    ...strings(
      each,
      ['secretKeyRef', 'name'],
      ['secretRef', 'name'],
      ['secret', 'secretName'],
      ['secret', 'name'],
      ['nodePublishSecretRef', 'name'],
    ),
    ...listAt(each, 'imagePullSecrets').flatMap((secret) => stringAt(secret, 'name') ?? []),
  ]),
  serviceAccounts: all.flatMap((each) => strings(each, ['serviceAccountName'])),
  tokenAudiences: all.flatMap(audiencesOf),
});

const strings = (value: JsonObject, ...paths: readonly (readonly string[])[]): readonly string[] =>
  paths.flatMap((path) => {
    const found = stringAt(value, ...path);
    return found === undefined || found === '' ? [] : [found];
  });

function audiencesOf(volume: JsonObject): readonly string[] {
  const own = automounted.test(stringAt(volume, 'name') ?? '');
  return listAt(volume, 'projected', 'sources').flatMap((source: Json) => {
    const token = objectAt(source, 'serviceAccountToken');
    if (token === undefined) return [];
    const audience = stringAt(token, 'audience') ?? '';
    return own && audience === '' ? [] : [audience];
  });
}
