import type { SecretReader } from '../domain/cluster.ts';
import type { Log } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import { stringAt } from '../domain/json.ts';
import { ident } from '../domain/masked.ts';
import type { KnownValue, MaskScope } from '../domain/masker.ts';
import { imagePullsOf, inlineValues, type SecretReference, secretsOf } from './references.ts';
import { valuesOf } from './secret-values.ts';

/**
 * The values of every Secret that the pod can reach. A Secret that was optional and is not there is no fault; everything else
 * that cannot be read is: output would be shown that nobody can mask.
 */
export async function podScope(
  reader: SecretReader | undefined,
  log: Log,
  namespace: string,
  pod: string,
): Promise<MaskScope> {
  if (reader === undefined) throw unavailable('no identity is configured that reads Secrets for the mask', namespace);
  const read = <T>(what: string, got: Promise<T>): Promise<T> =>
    got.catch((cause: unknown) => {
      log.warn('the masker cannot read', { namespace, pod, what });
      throw unavailable(`${what} in namespace ${ident(namespace)} cannot be read`, namespace, cause);
    });
  const object = await read(`Pod ${ident(pod)}`, reader.get(namespace, 'Pod', pod));
  if (object === undefined) throw unavailable(`Pod ${ident(namespace)}/${ident(pod)} is not there`, namespace);
  const account =
    stringAt(object, 'spec', 'serviceAccountName') ?? stringAt(object, 'spec', 'serviceAccount') ?? 'default';
  const owner = await read(`ServiceAccount ${ident(account)}`, reader.get(namespace, 'ServiceAccount', account));
  const references = distinct([...secretsOf(object), ...imagePullsOf(object, owner)]);
  const values = await Promise.all(
    references.map(async (reference): Promise<readonly KnownValue[]> => {
      const { name, optional, from } = reference;
      const secret = await read(
        `Secret ${ident(name)} (${ident(from)})`,
        reader.get(reference.namespace ?? namespace, 'Secret', name),
      );
      if (secret !== undefined) return valuesOf(secret);
      if (optional) return [];
      throw unavailable(
        `Secret ${ident(name)} (${ident(from)}) is not there any more, so its values are unknown`,
        namespace,
      );
    }),
  );
  return { values: [...values.flat(), ...inlineValues(object as JsonObject)] };
}

/** One reading a Secret; required if any of its references is. */
function distinct(references: readonly SecretReference[]): readonly SecretReference[] {
  const byName = new Map<string, SecretReference>();
  for (const reference of references) {
    const id = `${reference.namespace ?? ''}/${reference.name}`;
    if (byName.get(id)?.optional !== false) byName.set(id, reference);
  }
  return [...byName.values()];
}

const unavailable = (what: string, namespace: string, cause?: unknown): CountersignError =>
  new CountersignError('MaskingUnavailable', `The values to be masked are not known: ${what}`, {
    hint: `tell the operator: the identity of the masker needs get on pods, secrets and serviceaccounts in namespace ${ident(namespace)}`,
    cause,
  });
