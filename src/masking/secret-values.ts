import { isJsonObject, type Json, type JsonObject, objectAt, stringAt } from '../domain/json.ts';
import type { KnownValue } from '../domain/masker.ts';
import { valuesOfRelease } from './helm.ts';
import { isLookedFor } from './known.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Longer values are looked for in pieces: whatever shows the whole shows each of them. Characters. */
const longest = 8_192;
const piece = 1_024;

/** Certificates are shown to whoever connects; the cluster's own stands in a ConfigMap of every namespace. */
const certificates =
  /^\s*(?:-----BEGIN (?:TRUSTED )?CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END (?:TRUSTED )?CERTIFICATE-----\s*)+$/;

/**
 * What can be looked for of a Secret: the decoded value of each key, and the credentials inside of registry
 * configurations and Helm releases.
 * `leftOut`: keys that hold no secret.
 */
export function valuesOf(secret: JsonObject, leftOut?: (key: string) => boolean): readonly KnownValue[] {
  const name = stringAt(secret, 'metadata', 'name') ?? '';
  const token = secret.type === 'kubernetes.io/service-account-token';
  const helm = secret.type === 'helm.sh/release.v1';
  return Object.entries(objectAt(secret, 'data') ?? {}).flatMap(([key, value]) => {
    // The namespace of a token is no secret, and stands everywhere.
    if (typeof value !== 'string' || (token && key === 'namespace') || leftOut?.(key) === true) return [];
    return partsOf(key, Buffer.from(value, 'base64'), helm)
      .filter((part) => isLookedFor(part) && !certificates.test(part))
      .flatMap(pieces)
      .map((part) => ({ value: part, source: `Secret ${name}/${key}` }));
  });
}

/** The last one reaches back, so that none is too short to be looked for. */
function pieces(value: string): readonly string[] {
  if (value.length <= longest) return [value];
  return Array.from({ length: Math.ceil(value.length / piece) }, (_, index) => {
    const start = Math.min(index * piece, value.length - piece);
    return value.slice(start, start + piece);
  });
}

function partsOf(key: string, bytes: Buffer, helm: boolean): readonly string[] {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    // Bytes that are no text reach text as base64 only.
    return [bytes.toString('base64')];
  }
  if (helm && key === 'release') return [text, ...valuesOfRelease(text)];
  return key === '.dockerconfigjson' || key === '.dockercfg' ? [text, ...credentialsIn(text)] : [text];
}

function credentialsIn(text: string): readonly string[] {
  let parsed: Json;
  try {
    parsed = JSON.parse(text) as Json;
  } catch {
    return [];
  }
  const registries = objectAt(parsed, 'auths') ?? (isJsonObject(parsed) ? parsed : {});
  return Object.values(registries).flatMap((registry) => {
    const said = ['username', 'password', 'auth', 'identitytoken', 'registrytoken'].map((key) =>
      stringAt(registry, key),
    );
    const auth = Buffer.from(stringAt(registry, 'auth') ?? '', 'base64').toString('utf8');
    const colon = auth.indexOf(':');
    const pair = colon < 0 ? [] : [auth, auth.slice(0, colon), auth.slice(colon + 1)];
    return [...said, ...pair].filter((part) => part !== undefined);
  });
}
