import { accessOf, isMutating, namespaceOf, typeOf } from '../request.ts';
import { resourceGroup } from '../resource.ts';
import { accessFacts } from './access.ts';
import { changedFields } from './changed-fields.ts';
import { callFacts } from './count.ts';
import { deletedWith, finalizersRemoved } from './deleted.ts';
import { environmentFacts, type NamespaceLabels } from './environment.ts';
import { execOf } from './exec.ts';
import type { Facts } from './facts.ts';
import { uninspectableBecause } from './inspectable.ts';
import { networkPolicyOf } from './network-policy.ts';
import { ownerFacts } from './owners.ts';
import { podFacts } from './pods/facts.ts';
import { rbacOf } from './rbac.ts';
import { replicasOf } from './replicas.ts';
import { distinct, isUnknown, type Seen } from './seen.ts';
import type { ObjectFacts } from './spec.ts';
import { touches } from './touches.ts';

export interface FactsInput {
  /** One for each request of the plan, in order. */
  readonly seen: readonly Seen[];
  readonly namespaceLabels: NamespaceLabels;
}

/** Pure: everything is read off the plan and the objects that were seen while it was made. */
export function deriveFacts({ seen, namespaceLabels }: FactsInput): Facts {
  const objects = seen.map((each): ObjectFacts => objectFacts(each, seen.length, namespaceLabels));
  return { call: callFacts(seen, objects), objects };
}

function objectFacts(seen: Seen, count: number, namespaceLabels: NamespaceLabels): ObjectFacts {
  const { request } = seen;
  const { verb, subresource = '' } = accessOf(request);
  const resource = resourceGroup(typeOf(request));
  return {
    verb,
    resource,
    subresource,
    namespace: namespaceOf(request) ?? '',
    name: request.action === 'list' ? '' : request.object.name,
    ...environmentFacts(seen, namespaceLabels),
    ...ownerFacts(seen),
    touches: touches(resource),
    ...changeFacts(seen, count),
    ...podFacts(seen),
    rbac: rbacOf(seen),
    ...accessFacts(seen),
    networkPolicy: networkPolicyOf(seen),
  };
}

function changeFacts(seen: Seen, count: number) {
  const { request, effect } = seen;
  const because = uninspectableBecause(seen, count);
  return {
    action: isMutating(request) ? (effect?.action ?? actionOf(request.action)) : 'read',
    changedFields: changedFields(seen),
    replicas: replicasOf(seen),
    forceConflicts: request.action === 'apply' && request.forceConflicts,
    takesFieldsFrom: distinct((effect?.takes ?? []).map(({ manager }) => manager)),
    removesFields: distinct(effect?.removes ?? []),
    finalizersRemoved: distinct(finalizersRemoved(seen)),
    terminating: effect?.terminating === true,
    deletedWith: deletedWith(seen),
    exec: execOf(seen),
    warnings: effect?.warnings.length ?? 0,
    effectUnknown: isMutating(request) && isUnknown(seen),
    uninspectable: because.length > 0,
    uninspectableBecause: because,
  };
}

const actionOf = (action: 'apply' | 'delete' | 'scale' | 'exec'): string => (action === 'apply' ? 'configure' : action);
