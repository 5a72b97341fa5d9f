import { type Json, type JsonObject, listAt, objectAt, stringAt } from '../domain/json.ts';
import type { GetRequest, ListRequest } from '../domain/request.ts';
import { type ObjectRef, objectLabel, type ResourceType, resourceGroup } from '../domain/resource.ts';
import * as accept from './accept.ts';
import type { ApiCall } from './api.ts';
import { collectionPath, objectPath, query } from './paths.ts';

const accepted = { object: accept.json, table: accept.table, metadata: accept.metadataList } as const;

/** To show it. */
export function getCall(request: GetRequest): ApiCall {
  const path = objectPath(request.object);
  return {
    method: 'GET',
    path: request.representation === 'table' ? `${path}?includeObject=None` : path,
    accept: accepted[request.representation],
    mutates: false,
    what: `get ${objectLabel(request.object)}`,
    managedFields: 'left out',
  };
}

/** To plan with it. */
export const readCall = (object: ObjectRef): ApiCall => ({
  ...getCall({ action: 'get', object, representation: 'object' }),
  managedFields: 'kept',
});

export function listCall(request: ListRequest): ApiCall {
  const { type, namespace, labelSelector, fieldSelector, limit, representation } = request;
  const parameters = {
    limit: String(limit),
    labelSelector,
    fieldSelector,
    continue: request.continue,
    includeObject: representation === 'table' ? includeObject(type, namespace) : undefined,
  };
  return {
    method: 'GET',
    path: collectionPath(type, namespace) + query(parameters),
    accept: accepted[representation],
    mutates: false,
    what: `list ${resourceGroup(type)}${namespace === undefined ? '' : ` in ${namespace}`}`,
  };
}

/** A row names its object in its first cell, but its namespace only in its metadata, which costs three times the bytes. */
const includeObject = (type: ResourceType, namespace: string | undefined): 'Metadata' | 'None' =>
  type.namespaced && namespace === undefined ? 'Metadata' : 'None';

/** Rows keep name and namespace of their object: its annotations hold last-applied, and with it Secret data. */
export function tidyTable(body: JsonObject): JsonObject {
  if (body.kind !== 'Table') return body;
  return { ...body, rows: listAt(body, 'rows').map(tidyRow) };
}

function tidyRow(row: Json): Json {
  const { object: _, ...rest } = row as JsonObject;
  const metadata = objectAt(row, 'object', 'metadata');
  if (metadata === undefined) return rest;
  return { ...rest, object: { metadata: pick(metadata, ['name', 'namespace']) } };
}

const pick = (from: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])));

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Metadata without what nobody plans with: managedFields are most of its size, last-applied repeats the whole object. */
export function tidyMetadata(item: Json): JsonObject {
  const { managedFields: _, annotations, ...metadata } = objectAt(item, 'metadata') ?? {};
  const kept = Object.entries(objectAt({ annotations: annotations ?? null }, 'annotations') ?? {}).filter(
    ([key]) => key !== lastApplied,
  );
  return { metadata: kept.length === 0 ? metadata : { ...metadata, annotations: Object.fromEntries(kept) } };
}

/** The API server's token for the next page; undefined on the last one. */
export function continueToken(body: Json): string | undefined {
  const token = stringAt(body, 'metadata', 'continue');
  return token === '' ? undefined : token;
}
