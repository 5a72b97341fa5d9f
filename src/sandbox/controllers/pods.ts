import { type JsonObject, type KubeObject, numberAt, objectAt, stringAt } from '../json.ts';
import type { Kind } from '../kinds.ts';
import { isTerminating, nameOf, namespaceOf, ownerUids, uidOf } from '../object.ts';
import type { World } from '../world.ts';
import { nameSuffix } from '../world.ts';
import { storeNew } from '../write.ts';
import { controllerManager, ownerReference, setStatus } from './ownership.ts';
import { runningStatus } from './pod-status.ts';

/** A workload runs at most so many pods here: a sandbox is no place to find out what 10,000 cost. */
const mostPods = 100;

const isAlike = (pod: KubeObject, template: JsonObject): boolean => {
  const images = (spec: JsonObject): string => JSON.stringify(objectAt({ spec }, 'spec').containers ?? []);
  return images(objectAt(pod, 'spec')) === images(objectAt(template, 'spec'));
};

/** Makes and removes the pods of a ReplicaSet or StatefulSet, and counts them into its status. True on a change. */
export function reconcilePods(world: World, kind: Kind, owner: KubeObject): boolean {
  const pods = world.kinds.byKind('v1', 'Pod');
  if (!pods) return false;
  const wanted = Math.min(numberAt(owner, 'spec', 'replicas') ?? 1, mostPods);
  const template = objectAt(owner, 'spec', 'template');
  const owned = world.store
    .list(pods, namespaceOf(owner))
    .filter((pod) => ownerUids(pod).includes(uidOf(owner)) && !isTerminating(pod));
  const isOrdinal = kind.kind === 'StatefulSet';
  const ordinals = Array.from({ length: wanted }, (_, index) => `${nameOf(owner)}-${index}`);
  const kept = isOrdinal
    ? owned.filter((pod) => ordinals.includes(nameOf(pod)) && isAlike(pod, template))
    : owned.slice(0, wanted);
  for (const pod of owned) if (!kept.includes(pod)) world.store.remove(pods, pod);
  const names = isOrdinal
    ? ordinals.filter((name) => !kept.some((pod) => nameOf(pod) === name))
    : Array.from({ length: wanted - kept.length }, () => `${nameOf(owner)}-${nameSuffix(world)}`);
  for (const name of names) createPod(world, pods, kind, owner, name);
  const isChanged = names.length > 0 || kept.length < owned.length;
  return setStatus(world, kind, owner, statusOf(kind, owner, wanted)) || isChanged;
}

function createPod(world: World, pods: Kind, kind: Kind, owner: KubeObject, name: string): void {
  const template = structuredClone(objectAt(owner, 'spec', 'template'));
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...objectAt(template, 'metadata'),
      name,
      namespace: namespaceOf(owner),
      ownerReferences: [ownerReference(kind, owner)],
    },
    spec: { ...objectAt(template, 'spec'), nodeName: 'sandbox-node' },
  };
  storeNew(world, pods, pod, false, controllerManager(world, pods));
}

/** Pods without a status get the one of a running pod, as a kubelet would write it. True on a change. */
export function runPods(world: World): boolean {
  const pods = world.kinds.byKind('v1', 'Pod');
  if (!pods) return false;
  const waiting = world.store
    .peek(pods)
    .filter((pod) => stringAt(pod, 'status', 'phase') === 'Pending' && !isTerminating(pod));
  for (const [index, stored] of waiting.entries()) {
    const pod = structuredClone(stored);
    pod.spec = { ...objectAt(pod, 'spec'), nodeName: 'sandbox-node' };
    pod.status = runningStatus(pod, world.now(), world.store.count(pods) + index);
    world.store.put(pods, pod);
  }
  return waiting.length > 0;
}

function statusOf(kind: Kind, owner: KubeObject, count: number): JsonObject {
  const observed = { observedGeneration: numberAt(owner.metadata, 'generation') ?? 1, replicas: count };
  if (count === 0) return observed;
  const ready = { ...observed, readyReplicas: count, availableReplicas: count };
  return kind.kind === 'StatefulSet'
    ? { ...ready, currentReplicas: count, updatedReplicas: count }
    : { ...ready, fullyLabeledReplicas: count };
}
