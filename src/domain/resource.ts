import { invalid } from './errors.ts';
import { type Ident, ident } from './masked.ts';

/** One group/version/resource as discovery tells it. Policy, facts and masking key on `resource.group`, never on kind. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  /** Plural, lower case: `deployments`. */
  readonly resource: string;
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** `scale`, `exec`, `log`, `status` … as discovery lists them. */
  readonly subresources: readonly string[];
  /** Who serves it: kube-apiserver itself (built in or a CRD), or another server behind it, whose dry-run proves nothing. */
  readonly servedBy: 'built-in' | 'crd' | 'aggregated';
  /** Of a CRD whose definition was read. */
  readonly declared?: DeclaredSecrets;
}

/** What a CustomResourceDefinition says of secrets in its objects. */
export interface DeclaredSecrets {
  /** Paths of what its schema calls `format: password`: `spec.users[*].hash`. */
  readonly passwords: readonly string[];
  /** What its printer columns print, as JSONPath by name. */
  readonly columns: { readonly [name: string]: string };
}

export interface ObjectRef {
  readonly type: ResourceType;
  /** Undefined for cluster-scoped kinds only. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/** `deployments.apps`, `pods`. */
export const resourceGroup = (type: Pick<ResourceType, 'group' | 'resource'>): string =>
  type.group === '' ? type.resource : `${type.resource}.${type.group}`;

export const apiVersion = (type: Pick<ResourceType, 'group' | 'version'>): string =>
  type.group === '' ? type.version : `${type.group}/${type.version}`;

/** `Kind/namespace/name`, as audit lines and people have it. */
export const objectId = (object: ObjectRef): Ident =>
  ident([object.type.kind, object.namespace, object.name].filter((part) => part !== undefined).join('/'));

/** `Deployment shop/web`, as sentences have it. */
export const objectLabel = (object: ObjectRef): Ident =>
  ident(`${object.type.kind} ${object.namespace === undefined ? '' : `${object.namespace}/`}${object.name}`);

export const sameObject = (a: ObjectRef, b: ObjectRef): boolean =>
  resourceGroup(a.type) === resourceGroup(b.type) && a.namespace === b.namespace && a.name === b.name;

const pathSegment = /^[A-Za-z0-9](?:[A-Za-z0-9._:@-]{0,251}[A-Za-z0-9])?$/;
const dnsLabel = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * A name that can stand in a path of the API. The API server checks each kind's own rules; this keeps out what would
 * reach another resource (`../secrets/db?x=`). Upper case, `:` and `@` occur in RBAC names.
 */
export function checkName(name: string, what = 'name'): string {
  if (!pathSegment.test(name) || name.includes('..')) {
    throw invalid(
      `${what} ${JSON.stringify(name)} is not a Kubernetes name`,
      'give the plain name of one object, such as "web"',
    );
  }
  return name;
}

/** RFC 1123 label, as namespaces have it. */
export function checkNamespace(namespace: string): string {
  if (!dnsLabel.test(namespace)) {
    throw invalid(
      `namespace ${JSON.stringify(namespace)} is not a namespace name`,
      'lower-case letters, digits and "-", at most 63',
    );
  }
  return namespace;
}
