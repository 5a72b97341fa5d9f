import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts';
import { nameOf, type Walker } from './walker.ts';

/** Everything that a Secret holds, under keys that stay. */
export function maskSecret(walker: Walker, secret: JsonObject): Json {
  const label = `Secret ${nameOf(secret)}`;
  return walker.members(secret, (key, value) => {
    if (key === 'data' || key === 'stringData' || key === 'binaryData') {
      if (!isJsonObject(value)) return walker.hide(value, label);
      return walker.members(value, (name, leaf) => walker.hide(leaf, `${label}/${name}`));
    }
    if (key !== 'metadata' || !isJsonObject(value)) return walker.member(key, value, '');
    return walker.members(value, (name, member) =>
      name === 'annotations' && isJsonObject(member)
        ? walker.annotations(member, true)
        : walker.member(name, member, ''),
    );
  });
}

/** A Secret that lost its kind on the way: the type and the data give it away. */
export const looksLikeSecret = (object: JsonObject): boolean =>
  object.kind === undefined &&
  typeof object.type === 'string' &&
  /^(?:Opaque$|kubernetes\.io\/|helm\.sh\/|bootstrap\.kubernetes\.io\/)/.test(object.type) &&
  (object.data !== undefined || object.stringData !== undefined);

/** What is asked to be signed can carry a challenge password (RFC 2986); what was signed is public. */
export const maskSigningRequest = (walker: Walker, csr: JsonObject): Json =>
  walker.members(csr, (key, value) =>
    key === 'spec' && isJsonObject(value)
      ? walker.members(value, (name, member) =>
          name === 'request' ? walker.hide(member, 'field request') : walker.member(name, member, ''),
        )
      : walker.member(key, value, ''),
  );
