import { gunzipSync } from 'node:zlib';
import { isJsonObject, type Json, objectAt } from '../domain/json.ts';
import { isSensitiveMember } from './names.ts';

/** Bytes of a release when it is unpacked; one that is bigger, or is none, says nothing. */
const biggest = 20_000_000;
const mostValues = 200;

/**
 * What people gave a chart under names of secrets. Helm 3 keeps a release in a Secret as gzip in base64, which the API server
 * encodes once more; `text` is what the Secret holds. https://helm.sh/docs/topics/advanced/#storage-backends
 */
export function valuesOfRelease(text: string): readonly string[] {
  const found: string[] = [];
  const collect = (value: Json | undefined, secret: boolean): void => {
    if (found.length >= mostValues) return;
    if (typeof value === 'string') {
      if (secret) found.push(value);
    } else if (Array.isArray(value)) for (const each of value) collect(each as Json, secret);
    else if (isJsonObject(value))
      for (const [key, member] of Object.entries(value)) collect(member, isSensitiveMember(key));
  };
  collect(objectAt(unpacked(text), 'config'), false);
  return found;
}

function unpacked(text: string): Json {
  try {
    return JSON.parse(gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: biggest }).toString()) as Json;
  } catch {
    return null;
  }
}
