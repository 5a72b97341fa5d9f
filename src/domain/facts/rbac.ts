import { at, type Json, type JsonObject, listAt, objectAt, stringAt } from '../json.ts';
import { typeOf } from '../request.ts';
import { resourceGroup } from '../resource.ts';
import { isDelete, type Seen, said } from './seen.ts';
import type { ObjectFacts } from './spec.ts';

type Rbac = ObjectFacts['rbac'];

const nothing: Rbac = {
  wildcards: false,
  escalates: false,
  readsSecrets: false,
  aggregates: false,
  bindsBroadly: false,
  bindsClusterAdmin: false,
};

/** Verbs that give what the holder has not, on whatever resource. */
const escalating = ['escalate', 'bind', 'impersonate', '*'];
/** What gives more rights to who may do it: tokens and certificates of others, and the kubelet behind its node. */
const waysUp: readonly (readonly [resource: string, verbs: readonly string[]])[] = [
  ['serviceaccounts/token', ['create', '*']],
  ['certificatesigningrequests/approval', ['update', 'patch', '*']],
  ['signers', ['approve', 'sign', '*']],
  ['nodes/proxy', ['get', 'create', '*']],
];
const everybody = /^system:(?:authenticated|unauthenticated|anonymous|serviceaccounts(?::.*)?)$/;

/** What a role grants and what a binding gives away: by body and by effect. A delete grants nothing. */
export function rbacOf(seen: Seen): Rbac {
  const isRbac = typeOf(seen.request).group === 'rbac.authorization.k8s.io';
  if (!isRbac || seen.request.action !== 'apply' || isDelete(seen)) return nothing;
  const objects = said(seen);
  const rules = objects.flatMap((each) => listAt(each, 'rules'));
  const subjects = objects.flatMap((each) => listAt(each, 'subjects'));
  const isRole = /roles$/.test(resourceGroup(typeOf(seen.request)).split('.')[0] ?? '');
  return {
    wildcards: rules.some((rule) =>
      ['verbs', 'resources', 'apiGroups', 'nonResourceURLs'].some((key) => listAt(rule, key).some(isWild)),
    ),
    escalates: rules.some(
      (rule) => includesAny(rule, 'verbs', escalating) || waysUp.some((way) => allows(rule, ...way)),
    ),
    readsSecrets: rules.some((rule) => allows(rule, 'secrets', ['get', 'list', 'watch', '*'])),
    aggregates: isRole && objects.some(aggregates),
    bindsBroadly: subjects.some(
      (subject) => everybody.test(stringAt(subject, 'name') ?? '') && stringAt(subject, 'kind') !== 'ServiceAccount',
    ),
    bindsClusterAdmin: objects.some((each) => stringAt(each, 'roleRef', 'name') === 'cluster-admin'),
  };
}

/** `*` and `pods/*` and `https://…/*` alike. */
const isWild = (value: Json): boolean => typeof value === 'string' && value.includes('*');

const includesAny = (rule: Json, key: string, wanted: readonly string[]): boolean =>
  listAt(rule, key).some((each) => typeof each === 'string' && wanted.includes(each));

function allows(rule: Json, resource: string, verbs: readonly string[]): boolean {
  const [name = '', subresource] = resource.split('/');
  const covers = ['*', resource, ...(subresource === undefined ? [] : [`*/${subresource}`, `${name}/*`])];
  return includesAny(rule, 'verbs', verbs) && includesAny(rule, 'resources', covers);
}

const aggregates = (object: JsonObject): boolean =>
  at(object, 'aggregationRule') !== undefined ||
  Object.keys(objectAt(object, 'metadata', 'labels') ?? {}).some((key) =>
    key.startsWith('rbac.authorization.k8s.io/aggregate-to-'),
  );
