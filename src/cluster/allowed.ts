import { CountersignError } from '../domain/errors.ts';
import { accessOf, type PlannedRequest, typeOf } from '../domain/request.ts';
import { type ResourceType, resourceGroup } from '../domain/resource.ts';

type Action = PlannedRequest['action'];

/** Kinds that are never stored: writing one asks the server to do something (mint a token, evict, bind, answer for a user). */
const actingKinds: ReadonlySet<string> = new Set([
  'Binding',
  'Eviction',
  'TokenRequest',
  'TokenReview',
  'SubjectAccessReview',
  'LocalSubjectAccessReview',
  'SelfSubjectAccessReview',
  'SelfSubjectRulesReview',
  'SelfSubjectReview',
  'PodExecOptions',
  'PodAttachOptions',
  'PodPortForwardOptions',
  'PodProxyOptions',
  'NodeProxyOptions',
  'ServiceProxyOptions',
  'Scale',
]);
const actingGroups: ReadonlySet<string> = new Set(['authentication.k8s.io', 'authorization.k8s.io']);

/**
 * The closed table: what may ever be sent, whatever a plan or a grant says. A subresource that is not here (proxy, attach,
 * portforward, token, approval, eviction, binding …) cannot be reached, because no request names it.
 */
const allowed: Readonly<Record<Action, (type: ResourceType) => boolean>> = {
  get: (type) => type.verbs.includes('get'),
  list: (type) => type.verbs.includes('list'),
  logs: (type) => resourceGroup(type) === 'pods',
  apply: (type) => type.verbs.includes('patch') && !acts(type),
  delete: (type) => type.verbs.includes('delete') && !acts(type),
  scale: (type) => type.subresources.includes('scale') && !acts(type),
  exec: (type) => resourceGroup(type) === 'pods',
};

const acts = (type: ResourceType): boolean =>
  actingGroups.has(type.group) || (isCore(type) && actingKinds.has(type.kind));

/** A CRD may call its kind `Eviction`; the server's own are in its own groups. */
const isCore = (type: ResourceType): boolean => type.servedBy === 'built-in';

/** @throws Invalid */
export function checkAllowed(request: PlannedRequest): void {
  const type = typeOf(request);
  if (isResourceWord(type.resource) && allowed[request.action](type)) return;
  const { verb, subresource } = accessOf(request);
  const what = `${verb} ${resourceGroup(type)}${subresource === undefined ? '' : `/${subresource}`}`;
  throw new CountersignError('Invalid', `this is never sent to a cluster: ${what}`, {
    hint: 'the kind does not support it, or Countersign has no tool that may do it',
  });
}

/** `pods/exec` as a resource would reach a subresource past this table. */
const isResourceWord = (resource: string): boolean => /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(resource);
