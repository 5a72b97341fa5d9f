import type { Writer } from '../apply/managers.ts';
import { equal, type JsonObject, type KubeObject } from '../json.ts';
import { apiVersionOf, type Kind } from '../kinds.ts';
import { nameOf, timestamp, uidOf } from '../object.ts';
import type { World } from '../world.ts';

export const ownerReference = (kind: Kind, owner: KubeObject): JsonObject => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  name: nameOf(owner),
  uid: uidOf(owner),
  controller: true,
  blockOwnerDeletion: true,
});

export const controllerManager = (world: World, kind: Kind): Writer => ({
  name: 'kube-controller-manager',
  operation: 'Update',
  apiVersion: apiVersionOf(kind),
  subresource: '',
  time: timestamp(world.now()),
});

/** Stores the status when it says something new. */
export function setStatus(world: World, kind: Kind, object: KubeObject, status: JsonObject): boolean {
  if (equal(object.status, status)) return false;
  object.status = status;
  world.store.put(kind, object);
  return true;
}
