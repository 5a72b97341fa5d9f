import { type JsonObject, listAt, stringAt } from '../json.ts';
import { accessOf, isMutating, namespaceOf, typeOf } from '../request.ts';
import { resourceGroup } from '../resource.ts';
import { distinct, type Seen, said } from './seen.ts';
import type { ObjectFacts } from './spec.ts';

type AccessFacts = Pick<ObjectFacts, 'eksAccess' | 'iamRoles' | 'csrApproval' | 'tokenCreation'>;

const accessEntries = /^(?:accessentries|accesspolicyassociations|podidentityassociations|iamidentitymappings)\./;
const tokenSecret = 'kubernetes.io/service-account-token';

/** Who may reach the cluster, and as whom. */
export function accessFacts(seen: Seen): AccessFacts {
  const { request } = seen;
  if (!isMutating(request)) return { eksAccess: false, iamRoles: [], csrApproval: false, tokenCreation: false };
  const resource = resourceGroup(typeOf(request));
  const { subresource } = accessOf(request);
  const awsAuth =
    resource === 'configmaps' && namespaceOf(request) === 'kube-system' && request.object.name === 'aws-auth';
  return {
    eksAccess: awsAuth || accessEntries.test(resource),
    iamRoles: distinct(said(seen).flatMap((object) => rolesIn(resource, object))),
    csrApproval:
      resource === 'certificatesigningrequests.certificates.k8s.io' &&
      (subresource === 'approval' || becomesApproved(seen)),
    tokenCreation:
      (resource === 'serviceaccounts' && subresource === 'token') || (resource === 'secrets' && becomesToken(seen)),
  };
}

function rolesIn(resource: string, object: JsonObject): readonly string[] {
  if (resource === 'serviceaccounts')
    return listOf(stringAt(object, 'metadata', 'annotations', 'eks.amazonaws.com/role-arn'));
  if (resource.startsWith('podidentityassociations.')) return listOf(stringAt(object, 'spec', 'roleARN'));
  return [];
}

const listOf = (value: string | undefined): readonly string[] => (value === undefined ? [] : [value]);

const isApproved = (object: JsonObject | undefined): boolean =>
  listAt(object, 'status', 'conditions').some((condition) => stringAt(condition, 'type') === 'Approved');

const becomesApproved = (seen: Seen): boolean => said(seen).some(isApproved) && !isApproved(seen.before);

const becomesToken = (seen: Seen): boolean =>
  said(seen).some((object) => stringAt(object, 'type') === tokenSecret) &&
  stringAt(seen.before, 'type') !== tokenSecret;
