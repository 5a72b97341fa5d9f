import { createHash } from 'node:crypto';
import { canonical, type Json, type JsonObject, type KubeObject, numberAt, objectAt } from '../json.ts';
import { apiVersionOf, type Kind } from '../kinds.ts';
import { isTerminating, labelsOf, nameOf, namespaceOf, ownerUids, timestamp, uidOf } from '../object.ts';
import type { World } from '../world.ts';
import { storeNew } from '../write.ts';
import { controllerManager, ownerReference, setStatus } from './ownership.ts';
import { reconcilePods } from './pods.ts';

/** One pass: Deployments keep ReplicaSets, ReplicaSets and StatefulSets keep pods, all keep a status. True on a change. */
export function reconcileWorkloads(world: World): boolean {
  const deployments = world.kinds.byKind('apps/v1', 'Deployment');
  const replicaSets = world.kinds.byKind('apps/v1', 'ReplicaSet');
  const statefulSets = world.kinds.byKind('apps/v1', 'StatefulSet');
  if (!deployments || !replicaSets || !statefulSets) return false;
  return [
    ...alive(world, deployments).map((each) => reconcileDeployment(world, deployments, replicaSets, each)),
    ...alive(world, replicaSets).map((each) => reconcilePods(world, replicaSets, each)),
    ...alive(world, statefulSets).map((each) => reconcilePods(world, statefulSets, each)),
  ].some(Boolean);
}

/** What is kept up: nothing that ends, and nothing in a namespace that ends. */
function alive(world: World, kind: Kind): KubeObject[] {
  const namespaces = world.store.peek({ group: '', resource: 'namespaces' });
  const ending = new Set(namespaces.filter(isTerminating).map(nameOf));
  return world.store.list(kind).filter((object) => !isTerminating(object) && !ending.has(namespaceOf(object)));
}

const letters = 'bcdfghjklmnpqrstvwxz2456789';

/** The hash that a ReplicaSet's name ends in: the same for the same template. */
function templateHash(template: Json): string {
  const digest = createHash('sha256').update(canonical(template)).digest();
  return [...digest.subarray(0, 10)].map((byte) => letters.charAt(byte % letters.length)).join('');
}

function reconcileDeployment(world: World, kind: Kind, replicaSets: Kind, deployment: KubeObject): boolean {
  const template = objectAt(deployment, 'spec', 'template');
  const hash = templateHash(template);
  const replicas = numberAt(deployment, 'spec', 'replicas') ?? 1;
  const owned = world.store
    .list(replicaSets, namespaceOf(deployment))
    .filter((each) => ownerUids(each).includes(uidOf(deployment)) && !isTerminating(each));
  const current = owned.find((each) => labelsOf(each)['pod-template-hash'] === hash);
  let isChanged = false;
  if (!current) {
    createReplicaSet(world, kind, replicaSets, deployment, hash);
    isChanged = true;
  }
  for (const each of owned) isChanged = resize(world, replicaSets, each, each === current ? replicas : 0) || isChanged;
  return setStatus(world, kind, deployment, deploymentStatus(world, deployment, current, replicas)) || isChanged;
}

function createReplicaSet(world: World, kind: Kind, replicaSets: Kind, deployment: KubeObject, hash: string): void {
  const template = structuredClone(objectAt(deployment, 'spec', 'template'));
  const labels = { ...objectAt(template, 'metadata', 'labels'), 'pod-template-hash': hash };
  template.metadata = { ...objectAt(template, 'metadata'), labels };
  const selector = objectAt(deployment, 'spec', 'selector', 'matchLabels');
  const replicaSet: KubeObject = {
    apiVersion: apiVersionOf(replicaSets),
    kind: 'ReplicaSet',
    metadata: {
      name: `${nameOf(deployment)}-${hash}`,
      namespace: namespaceOf(deployment),
      labels,
      ownerReferences: [ownerReference(kind, deployment)],
    },
    spec: {
      replicas: numberAt(deployment, 'spec', 'replicas') ?? 1,
      selector: { matchLabels: { ...selector, 'pod-template-hash': hash } },
      template,
    },
  };
  storeNew(world, replicaSets, replicaSet, false, controllerManager(world, replicaSets));
}

function resize(world: World, kind: Kind, object: KubeObject, replicas: number): boolean {
  if (numberAt(object, 'spec', 'replicas') === replicas) return false;
  object.spec = { ...objectAt(object, 'spec'), replicas };
  object.metadata.generation = (numberAt(object.metadata, 'generation') ?? 0) + 1;
  world.store.put(kind, object);
  return true;
}

function deploymentStatus(
  world: World,
  deployment: KubeObject,
  current: KubeObject | undefined,
  replicas: number,
): JsonObject {
  const ready = numberAt(current, 'status', 'readyReplicas') ?? 0;
  const isAvailable = ready >= replicas;
  const at = timestamp(world.now());
  const conditions = [
    {
      type: 'Available',
      status: isAvailable ? 'True' : 'False',
      reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      message: isAvailable ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
    },
    {
      type: 'Progressing',
      status: 'True',
      reason: isAvailable ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
      message: `ReplicaSet "${current ? nameOf(current) : ''}" is progressing.`,
    },
  ];
  const before = objectAt(deployment, 'status').conditions;
  const timed = conditions.map((condition) => ({ ...condition, ...transition(before, condition, at) }));
  const counts =
    ready === 0 ? {} : { replicas: ready, updatedReplicas: ready, readyReplicas: ready, availableReplicas: ready };
  return { observedGeneration: numberAt(deployment.metadata, 'generation') ?? 1, ...counts, conditions: timed };
}

/** Times of a condition move only when its status does. */
function transition(before: Json | undefined, condition: { type: string; status: string }, at: string): JsonObject {
  const old = (Array.isArray(before) ? before : []).find(
    (each) =>
      objectAt({ each }, 'each').type === condition.type && objectAt({ each }, 'each').status === condition.status,
  );
  const since = objectAt({ old: old ?? null }, 'old').lastTransitionTime ?? at;
  return { lastTransitionTime: since, lastUpdateTime: since };
}
