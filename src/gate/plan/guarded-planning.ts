import type { PlanningHandle } from '../../domain/cluster.ts';
import { CountersignError } from '../../domain/errors.ts';
import type { ObjectRef, ResourceType } from '../../domain/resource.ts';
import { objectLabel, resourceGroup } from '../../domain/resource.ts';
import { mayRead, refuseIfSurelyDenied } from '../authorize.ts';
import type { Call } from '../call.ts';
import type { Gate } from '../gate.ts';

/**
 * Planning for one principal: it reads only what the policy lets this principal read, and refuses before anything is sent.
 * So an existing and a missing object answer alike to who may not get them, whatever a tool or an effect asks.
 */
export function guardPlanning(gate: Gate, call: Call, cluster: string, planning: PlanningHandle): PlanningHandle {
  const need = (type: ResourceType, namespace: string | undefined, verb: 'get' | 'list', what: string): void => {
    if (mayRead(gate, call, cluster, type, namespace, verb)) return;
    const target = { resourceGroup: resourceGroup(type), access: { verb } as const, namespace: namespace ?? null };
    refuseIfSurelyDenied(gate, call, 'get', cluster, [target]);
    throw unreadable(cluster, what);
  };
  const needObject = (object: ObjectRef): void => need(object.type, object.namespace, 'get', objectLabel(object));

  return {
    defaultNamespace: planning.defaultNamespace,
    resolve: (resource) => planning.resolve(resource),
    resolveKind: (apiVersion, kind) => planning.resolveKind(apiVersion, kind),
    types: () => planning.types(),
    get: async (object) => {
      needObject(object);
      return planning.get(object);
    },
    scale: async (object) => {
      needObject(object);
      return planning.scale(object);
    },
    listMetadata: async (query) => {
      need(query.type, query.namespace, 'list', resourceGroup(query.type));
      return planning.listMetadata(query);
    },
    dryRunApply: async (request) => {
      needObject(request.object);
      return planning.dryRunApply(request);
    },
  };
}

const unreadable = (cluster: string, what: string): CountersignError =>
  new CountersignError('Denied', `Denied by policy, not executed. You may not read ${what} (${cluster}).`, {
    hint: 'Tell the user which object the policy does not let you read. Do not try another tool or a shell.',
  });
