import { remove } from '../delete.ts';
import { isObject, type KubeObject, listAt, stringAt } from '../json.ts';
import type { Kind } from '../kinds.ts';
import { finalizersOf, isTerminating, nameOf, namespaceOf, ownerUids, setFinalizers, uidOf } from '../object.ts';
import type { World } from '../world.ts';

interface Placed {
  readonly kind: Kind;
  readonly object: KubeObject;
}

/** Each stored object once: kinds that are served in two versions or groups share their objects. */
function everything(world: World): Placed[] {
  const seen = new Set<string>();
  return world.kinds.all().flatMap((kind) =>
    world.store.peek(kind).flatMap((object): Placed[] => {
      if (seen.has(uidOf(object))) return [];
      seen.add(uidOf(object));
      return [{ kind, object }];
    }),
  );
}

const drop = (world: World, { kind, object }: Placed): void => {
  remove(world, kind, namespaceOf(object), nameOf(object), {
    uid: undefined,
    resourceVersion: undefined,
    propagation: 'Background',
    grace: 0,
    dryRun: false,
  });
};

/**
 * One pass of what the garbage collector and the namespace controller do
 * (https://kubernetes.io/docs/concepts/architecture/garbage-collection/). True when something changed.
 */
export function collect(world: World): boolean {
  const all = everything(world);
  const uids = new Set(all.map(({ object }) => uidOf(object)));
  for (const placed of all) {
    if (isTerminating(placed.object) ? finish(world, placed, all) : isAbandoned(placed.object, uids)) {
      if (!isTerminating(placed.object)) drop(world, placed);
      return true;
    }
  }
  return false;
}

const isAbandoned = (object: KubeObject, uids: Set<string>): boolean => {
  const owners = ownerUids(object);
  return owners.length > 0 && owners.every((uid) => !uids.has(uid));
};

/** The next step of a terminating object's end; false when it waits for somebody else's finalizer. */
function finish(world: World, placed: Placed, all: Placed[]): boolean {
  const { object, kind } = placed;
  const dependents = all.filter((other) => ownerUids(other.object).includes(uidOf(object)));
  const finalizers = finalizersOf(object);
  if (kind.kind === 'Namespace' && kind.group === '' && emptied(world, placed, all)) return true;
  if (finalizers.includes('orphan')) {
    for (const dependent of dependents) disown(world, dependent, uidOf(object));
    return withoutFinalizer(world, placed, 'orphan');
  }
  if (finalizers.includes('foregroundDeletion')) {
    const next = dependents.find((dependent) => !isTerminating(dependent.object));
    if (next) drop(world, next);
    return next !== undefined || (dependents.length === 0 && withoutFinalizer(world, placed, 'foregroundDeletion'));
  }
  if (finalizers.length > 0) return false;
  const waitsForContents =
    kind.kind === 'Namespace' && all.some((other) => namespaceOf(other.object) === nameOf(object));
  if (!waitsForContents) world.store.remove(kind, object);
  return !waitsForContents;
}

/** Deletes one thing of a terminating namespace; false when nothing is left that can be deleted. */
function emptied(world: World, { object }: Placed, all: Placed[]): boolean {
  const next = all.find((other) => namespaceOf(other.object) === nameOf(object) && !isTerminating(other.object));
  if (next) drop(world, next);
  return next !== undefined;
}

function withoutFinalizer(world: World, { kind, object: stored }: Placed, finalizer: string): true {
  const object = structuredClone(stored);
  setFinalizers(
    object,
    finalizersOf(object).filter((name) => name !== finalizer),
  );
  world.store.put(kind, object);
  return true;
}

function disown(world: World, { kind, object: stored }: Placed, uid: string): void {
  const object = structuredClone(stored);
  const owners = listAt(object.metadata, 'ownerReferences').filter(
    (owner) => isObject(owner) && stringAt(owner, 'uid') !== uid,
  );
  if (owners.length === 0) delete object.metadata.ownerReferences;
  else object.metadata.ownerReferences = owners;
  world.store.put(kind, object);
}
