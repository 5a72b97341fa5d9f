import type { JsonObject, KubeObject } from '../json.ts';
import type { Kind } from '../kinds.ts';
import { listBody, metadataList, metadataOnly, type Page } from '../read.ts';
import { ApiError } from '../status.ts';
import { singleMetadata, tableOf } from '../table.ts';

/** The shape in which the client wants objects. */
export type Shape = 'object' | 'table' | 'metadata' | 'discovery';

/** The first of the accepted media types that the sandbox can write; 406 when there is none. */
export function shapeOf(accept: string | undefined): Shape {
  for (const entry of (accept ?? '*/*').split(',')) {
    const [type = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (!['application/json', '*/*', 'application/*'].includes(type)) continue;
    if (as === undefined) return 'object';
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'metadata';
    if (as === 'APIGroupDiscoveryList' && parameters.includes('v=v2')) return 'discovery';
  }
  throw new ApiError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/json;as=Table;g=meta.k8s.io;v=v1, application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    {},
  );
}

export function renderObject(
  shape: Shape,
  kind: Kind,
  object: KubeObject,
  query: URLSearchParams,
  now: Date,
): JsonObject {
  if (shape === 'metadata') return metadataOnly(object);
  if (shape !== 'table') return object;
  return tableOf(kind, [object], singleMetadata(object), query.get('includeObject') ?? '', now);
}

export function renderList(shape: Shape, kind: Kind, page: Page, query: URLSearchParams, now: Date): JsonObject {
  if (shape === 'metadata') return metadataList(page);
  if (shape !== 'table') return listBody(kind, page);
  return tableOf(kind, page.items, page.metadata, query.get('includeObject') ?? '', now);
}
