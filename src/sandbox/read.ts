import type { JsonObject, KubeObject } from './json.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { nameOf, namespaceOf } from './object.ts';
import { fieldTest, labelTest } from './selectors.ts';
import { ApiError, badRequest, notFound } from './status.ts';
import type { World } from './world.ts';

/** How long a continue token is good, as etcd's compaction makes it in the real server. */
const tokenLife = 5 * 60 * 1000;

interface Token {
  readonly start: string;
  readonly version: string;
  readonly expires: number;
}

/** GET of one object, which must be there. */
export function read(world: World, kind: Kind, namespace: string, name: string): KubeObject {
  const object = world.store.get(kind, namespace, name);
  if (!object) throw notFound(kind, name);
  return object;
}

export interface Page {
  readonly items: KubeObject[];
  readonly metadata: JsonObject;
}

/** GET of a collection; of all namespaces when `namespace` is undefined. A page ends with a `continue` token. */
export function list(world: World, kind: Kind, namespace: string | undefined, query: URLSearchParams): Page {
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const matchesLabels = labelTest(labels);
  const matchesFields = fieldTest(fields, kind.resource);
  const all = world.store.list(kind, namespace).filter((object) => matchesLabels(object) && matchesFields(object));
  const token = tokenOf(world, query.get('continue') ?? '', all);
  const rest = token ? all.filter((object) => keyOf(object) >= token.start) : all;
  const limit = Number(query.get('limit') ?? 0);
  if (!Number.isInteger(limit) || limit < 0)
    throw badRequest(`limit must be a whole number, got ${query.get('limit')}`);
  // With resourceVersion=0 the watch cache answers, which does not page.
  const isWhole = limit === 0 || (query.get('resourceVersion') === '0' && !token);
  const items = isWhole ? rest : rest.slice(0, limit);
  const next = rest[items.length];
  const metadata: JsonObject = { resourceVersion: token?.version ?? world.store.resourceVersion };
  if (next) {
    metadata.continue = newToken(world, keyOf(next), String(metadata.resourceVersion));
    if (labels === '' && fields === '') metadata.remainingItemCount = rest.length - items.length;
  }
  return { items, metadata };
}

const keyOf = (object: KubeObject): string => `${namespaceOf(object)}/${nameOf(object)}`;

function newToken(world: World, start: string, version: string): string {
  const token: Token = { start, version, expires: world.now().getTime() + tokenLife };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function tokenOf(world: World, text: string, all: KubeObject[]): Token | undefined {
  if (text === '') return undefined;
  const token = parseToken(text);
  if (!token) throw badRequest('continue key is not valid: the token is not one of this server');
  if (token.expires > world.now().getTime()) return token;
  const start = all.map(keyOf).find((key) => key >= token.start);
  const expired = new ApiError(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  const fresh = newToken(world, start ?? token.start, world.store.resourceVersion);
  if (typeof expired.body !== 'string') expired.body.metadata = { continue: fresh };
  throw expired;
}

function parseToken(text: string): Token | undefined {
  try {
    const { start, version, expires } = JSON.parse(Buffer.from(text, 'base64url').toString());
    const isToken = typeof start === 'string' && typeof version === 'string' && typeof expires === 'number';
    return isToken ? { start, version, expires } : undefined;
  } catch {
    return undefined;
  }
}

/** A list as the API writes it; its items name neither kind nor apiVersion for built-in kinds. */
export function listBody(kind: Kind, page: Page): JsonObject {
  const items = page.items.map((object): JsonObject => {
    if (kind.columns !== undefined) return object;
    const { apiVersion: _version, kind: _kind, ...rest } = object;
    return rest;
  });
  return { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata: page.metadata, items };
}

export const metadataOnly = (object: KubeObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: object.metadata,
});

export const metadataList = (page: Page): JsonObject => ({
  kind: 'PartialObjectMetadataList',
  apiVersion: 'meta.k8s.io/v1',
  metadata: page.metadata,
  items: page.items.map(metadataOnly),
});
