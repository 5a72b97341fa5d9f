import { isJsonObject, type Json, type JsonObject } from './json.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * An object, or a list of them, as people want to read it: without what the API server and kubectl keep on it for themselves.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#managing-fields
 */
export function withoutBookkeeping(body: Json): Json {
  if (!isJsonObject(body)) return body;
  if (!Array.isArray(body.items)) return withoutOwn(body);
  return { ...body, items: body.items.map((item) => (isJsonObject(item) ? withoutOwn(item) : item)) };
}

function withoutOwn(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isJsonObject(metadata)) return object;
  const annotations = isJsonObject(metadata.annotations) ? metadata.annotations : undefined;
  const applied = annotations !== undefined && Object.hasOwn(annotations, lastApplied);
  if (!applied && !Object.hasOwn(metadata, 'managedFields')) return object;
  const { managedFields: _, ...kept } = metadata;
  if (!applied) return { ...object, metadata: kept };
  const { [lastApplied]: __, ...others } = annotations;
  return { ...object, metadata: { ...kept, annotations: others } };
}
