import { isJsonObject, type JsonObject } from '../json.ts';
import type { Path } from '../path.ts';

const stringDataOf = (body: JsonObject): JsonObject | undefined =>
  body.kind === 'Secret' && body.apiVersion === 'v1' && isJsonObject(body.stringData) ? body.stringData : undefined;

/** `stringData` of a Secret overwrites `data` behind server-side apply's back: it is judged as the `data` that it becomes. */
export function withStringData(body: JsonObject): JsonObject {
  const stringData = stringDataOf(body);
  if (stringData === undefined) return body;
  return { ...body, data: { ...(isJsonObject(body.data) ? body.data : {}), ...stringData } };
}

/** The leaves of `data` that `stringData` becomes: hidden like all of a Secret. */
export const stringDataPaths = (body: JsonObject): readonly Path[] =>
  Object.keys(stringDataOf(body) ?? {}).map((key): Path => ['data', key]);
