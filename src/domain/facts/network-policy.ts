import { sameJson } from '../effect/lists.ts';
import { at, isJsonObject, type Json, type JsonObject, listAt } from '../json.ts';
import { isMutating, typeOf } from '../request.ts';
import { resourceGroup } from '../resource.ts';
import { isDelete, next, type Seen, said } from './seen.ts';
import type { ObjectFacts } from './spec.ts';
import { isNetworkPolicy } from './touches.ts';

type NetworkPolicy = ObjectFacts['networkPolicy'];

const everywhere = new Set(['0.0.0.0/0', '::/0', 'all', 'world']);
/** What says which pods a policy is for, in the words of each plugin. */
const selectors = ['podSelector', 'selector', 'endpointSelector', 'nodeSelector', 'subject', 'namespaceSelector'];

export function networkPolicyOf(seen: Seen): NetworkPolicy {
  const resource = resourceGroup(typeOf(seen.request));
  if (!isMutating(seen.request) || !isNetworkPolicy(resource)) return { removed: false, opened: false };
  if (isDelete(seen)) return { removed: true, opened: false };
  const { before } = seen;
  const then = next(seen);
  const builtIn = resource === 'networkpolicies.networking.k8s.io';
  const opens = builtIn ? opensBuiltIn : opensOther;
  return {
    removed: before !== undefined && (then === undefined || coversLess(before, then)),
    opened:
      said(seen).some((each) => letsAllThrough(each, builtIn)) ||
      (before !== undefined && then !== undefined && opens(before, then)),
  };
}

/** Other pods than before, or a direction that it does not hold any more. */
function coversLess(before: JsonObject, then: JsonObject): boolean {
  const moved = selectors.some((key) => !sameJson(at(before, 'spec', key), at(then, 'spec', key)));
  return moved || directionsOf(before).some((direction) => !directionsOf(then).includes(direction));
}

/** As defaulted: ingress always, egress where there are rules for it. */
function directionsOf(policy: JsonObject): readonly Json[] {
  const listed = ['policyTypes', 'types'].flatMap((key) => listAt(policy, 'spec', key));
  if (listed.length > 0) return listed;
  return at(policy, 'spec', 'egress') === undefined ? ['Ingress'] : ['Ingress', 'Egress'];
}

const rulesOf = (policy: JsonObject): readonly Json[] =>
  ['ingress', 'egress'].flatMap((key) => listAt(policy, 'spec', key));

function letsAllThrough(policy: JsonObject, builtIn: boolean): boolean {
  const noPeers = (key: string, peers: string): boolean =>
    listAt(policy, 'spec', key).some((rule) => listAt(rule, peers).length === 0);
  if (builtIn && (noPeers('ingress', 'from') || noPeers('egress', 'to'))) return true;
  return (builtIn ? rulesOf(policy) : [at(policy, 'spec') ?? null, at(policy, 'specs') ?? null]).some(namesEverywhere);
}

const namesEverywhere = (value: Json): boolean => {
  if (typeof value === 'string') return everywhere.has(value);
  if (Array.isArray(value)) return value.some(namesEverywhere);
  return isJsonObject(value) && Object.values(value).some(namesEverywhere);
};

/** A rule only ever lets more through, so one that is not among the old ones opens. */
const opensBuiltIn = (before: JsonObject, then: JsonObject): boolean =>
  ['ingress', 'egress'].some((key) => {
    const old = listAt(before, 'spec', key);
    return listAt(then, 'spec', key).some((rule) => !old.some((each) => sameJson(each, rule)));
  });

/** Policies with an order and with rules that deny: what any change of one does is not for us to judge. */
const opensOther = (before: JsonObject, then: JsonObject): boolean =>
  !sameJson(at(before, 'spec'), at(then, 'spec')) || !sameJson(at(before, 'specs'), at(then, 'specs'));
