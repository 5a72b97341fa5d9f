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
  if (!isJsonObject(object.metadata)) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  if (!isJsonObject(metadata.annotations)) return { ...object, metadata };
  const { [lastApplied]: __, ...annotations } = metadata.annotations;
  return { ...object, metadata: { ...metadata, annotations } };
}
