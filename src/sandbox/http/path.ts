import type { Kind, Kinds } from '../kinds.ts';
import { noResource, PageNotFound } from '../status.ts';

/** What a path addresses. `namespace` is undefined for a list over all of them and for cluster-scoped kinds. */
export type ApiPath =
  | { readonly type: 'plain'; readonly path: string }
  | { readonly type: 'root'; readonly isCore: boolean }
  | { readonly type: 'group'; readonly group: string }
  | { readonly type: 'version'; readonly group: string; readonly version: string }
  | ResourcePath;

export interface ResourcePath {
  readonly type: 'resource';
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

const plain = ['/version', '/readyz', '/livez', '/healthz'];

/** Takes a path apart; PageNotFound (text, as the real server answers) for what is not served. */
export function parsePath(pathname: string, kinds: Kinds): ApiPath {
  if (plain.includes(pathname)) return { type: 'plain', path: pathname };
  const parts = segments(pathname);
  const [root, ...rest] = parts;
  if (root === 'api' && rest.length === 0) return { type: 'root', isCore: true };
  if (root === 'apis' && rest.length === 0) return { type: 'root', isCore: false };
  if (root === 'apis' && rest.length === 1) return { type: 'group', group: rest[0] ?? '' };
  const [group = '', version = '', ...resource] = root === 'api' ? ['', ...rest] : rest;
  if ((root !== 'api' && root !== 'apis') || version === '') throw new PageNotFound();
  if (resource.length === 0) return { type: 'version', group, version };
  return resourcePath(kinds, group, version, resource);
}

function segments(pathname: string): string[] {
  try {
    const parts = pathname
      .replace(/^\/|\/$/g, '')
      .split('/')
      .map(decodeURIComponent);
    // An encoded separator must not lead to another resource.
    if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('/')))
      throw new PageNotFound();
    return parts;
  } catch {
    throw new PageNotFound();
  }
}

function resourcePath(kinds: Kinds, group: string, version: string, parts: string[]): ResourcePath {
  const isInNamespace =
    parts[0] === 'namespaces' && parts.length >= 3 && !(group === '' && isNamespaceSubresource(parts));
  const [resource = '', name, subresource, ...more] = isInNamespace ? parts.slice(2) : parts;
  const kind = kinds.find(group, version, resource);
  const isServed = kind && more.length === 0 && !(isInNamespace && !kind.namespaced);
  // The real server's own groups answer a Status, the groups of definitions plain text.
  if (!isServed) throw kinds.isBuiltin(group) ? noResource() : new PageNotFound();
  if (kind.namespaced && !isInNamespace && name !== undefined) throw noResource();
  return { type: 'resource', kind, namespace: isInNamespace ? parts[1] : undefined, name, subresource };
}

const isNamespaceSubresource = (parts: string[]): boolean =>
  parts.length === 3 && (parts[2] === 'status' || parts[2] === 'finalize');
