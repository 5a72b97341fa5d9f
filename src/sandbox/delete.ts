import { requireDeletable } from './admission.ts';
import { ensureObject, type JsonObject, type KubeObject, listAt, numberAt, stringAt } from './json.ts';
import type { Kind } from './kinds.ts';
import { finalizersOf, isTerminating, setFinalizers, timestamp, uidOf, versionOf } from './object.ts';
import { dryRunOf, meta, parseBody, unsupported } from './options.ts';
import { asPatch } from './patch.ts';
import { conflict, invalid, notFound } from './status.ts';
import type { World } from './world.ts';

interface DeleteOptions {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly propagation: string | undefined;
  readonly grace: number | undefined;
  readonly dryRun: boolean;
}

/**
 * With a body the query is ignored, `dryRun` in it included: that is what the real server does, and a client
 * that gets it wrong must be seen to delete here too.
 */
export function deleteOptions(text: string, query: URLSearchParams): DeleteOptions {
  if (text.trim() === '') {
    const grace = query.get('gracePeriodSeconds');
    return {
      uid: undefined,
      resourceVersion: undefined,
      propagation: query.get('propagationPolicy') ?? undefined,
      grace: grace === null ? undefined : Number(grace),
      dryRun: dryRunOf(query.getAll('dryRun'), 'DeleteOptions'),
    };
  }
  const body = asPatch(parseBody(text));
  const dryRun = listAt(body, 'dryRun').map(String);
  return {
    uid: stringAt(body, 'preconditions', 'uid'),
    resourceVersion: stringAt(body, 'preconditions', 'resourceVersion'),
    propagation: stringAt(body, 'propagationPolicy'),
    grace: numberAt(body, 'gracePeriodSeconds'),
    dryRun: dryRunOf(dryRun, 'DeleteOptions'),
  };
}

/** DELETE of one object: a Status when it is gone at once, else the object with its deletionTimestamp. */
export function remove(world: World, kind: Kind, namespace: string, name: string, options: DeleteOptions): JsonObject {
  const object = world.store.get(kind, namespace, name);
  if (!object) throw notFound(kind, name);
  requirePreconditions(kind, object, name, options);
  requireDeletable(kind, name);
  const finalizers = wantedFinalizers(kind, object, options.propagation);
  const isLasting = finalizers.length > 0 || isGraceful(kind, object, options.grace);
  if (!isLasting) {
    if (!options.dryRun) world.store.remove(kind, object);
    return kind.kind === 'Pod' && kind.group === '' ? object : goneStatus(kind, object, name);
  }
  setFinalizers(object, finalizers);
  markTerminating(world, kind, object, options.grace);
  if (!options.dryRun) world.store.put(kind, object);
  return object;
}

function requirePreconditions(
  kind: Kind,
  object: KubeObject,
  name: string,
  { uid, resourceVersion }: DeleteOptions,
): void {
  if (uid !== undefined && uid !== uidOf(object))
    throw conflict(
      kind,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${uidOf(object)}). The object might have been deleted and then recreated`,
    );
  if (resourceVersion !== undefined && resourceVersion !== versionOf(object))
    throw conflict(
      kind,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${versionOf(object)}). The object might have been modified`,
    );
}

const crdCleanup = 'customresourcecleanup.apiextensions.k8s.io';

function wantedFinalizers(kind: Kind, object: KubeObject, propagation: string | undefined): string[] {
  const policies = ['Foreground', 'Background', 'Orphan'];
  if (propagation !== undefined && !policies.includes(propagation))
    throw invalid(meta('DeleteOptions'), '', [unsupported('propagationPolicy', propagation, [...policies, 'nil'])]);
  const kept = finalizersOf(object).filter((name) => name !== 'orphan' && name !== 'foregroundDeletion');
  // Jobs without a policy orphan their pods: a default from before garbage collection that was kept.
  const isJob = kind.kind === 'Job' && kind.group === 'batch';
  const policy = propagation ?? (isJob ? 'Orphan' : 'Background');
  const added = policy === 'Foreground' ? ['foregroundDeletion'] : policy === 'Orphan' ? ['orphan'] : [];
  const isDefinition = kind.kind === 'CustomResourceDefinition';
  const cleanup = isDefinition && !kept.includes(crdCleanup) ? [crdCleanup] : [];
  return [...kept, ...cleanup, ...added];
}

function isGraceful(kind: Kind, object: KubeObject, grace: number | undefined): boolean {
  if (kind.group !== '') return false;
  if (kind.kind === 'Namespace') return true;
  return kind.kind === 'Pod' && (grace ?? numberAt(object, 'spec', 'terminationGracePeriodSeconds') ?? 30) > 0;
}

function markTerminating(world: World, kind: Kind, object: KubeObject, grace: number | undefined): void {
  if (isTerminating(object)) return;
  const isPod = kind.kind === 'Pod' && kind.group === '';
  const seconds = isPod ? (grace ?? numberAt(object, 'spec', 'terminationGracePeriodSeconds') ?? 30) : 0;
  object.metadata.deletionTimestamp = timestamp(new Date(world.now().getTime() + seconds * 1000));
  object.metadata.deletionGracePeriodSeconds = seconds;
  if (kind.hasGeneration) object.metadata.generation = (numberAt(object.metadata, 'generation') ?? 0) + 1;
  if (kind.kind === 'Namespace' && kind.group === '') ensureObject(object, 'status').phase = 'Terminating';
}

function goneStatus(kind: Kind, object: KubeObject, name: string): JsonObject {
  const details: JsonObject = { name, kind: kind.resource, uid: uidOf(object) };
  if (kind.group !== '') details.group = kind.group;
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
