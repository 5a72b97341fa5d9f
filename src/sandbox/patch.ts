import { serverSideApply } from './apply/apply.ts';
import { typedPatchError, typeFaults } from './apply/typed.ts';
import { isObject, type Json, type JsonObject, type KubeObject, stringAt } from './json.ts';
import type { Kind } from './kinds.ts';
import { asKubeObject, uidOf } from './object.ts';
import { parseBody, type WriteOptions } from './options.ts';
import { type ApiError, badRequest, conflict, invalid, invalidValue, modified, notFound } from './status.ts';
import type { World } from './world.ts';
import { addressed, declared, requireVersion, storeChange, storeNew, type Written, writer } from './write.ts';

/** Server-side apply of one object, created where it is not there. */
export function apply(
  world: World,
  kind: Kind,
  namespace: string,
  name: string,
  text: string,
  options: WriteOptions,
): Written {
  const applied = addressed(parseBody(text), kind, namespace, name);
  if (applied.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
  if (kind.hasStatus) delete applied.status;
  const wrong = typedPatchError(applied, kind.schema);
  if (wrong) throw wrong;
  const live = world.store.get(kind, namespace, name);
  requirePreconditions(kind, live, applied, name);
  const { uid: _uid, ...metadata } = applied.metadata;
  const by = writer(world, kind, options, 'Apply');
  const body = { ...applied, metadata };
  const merged = serverSideApply({
    live,
    applied: body,
    schema: kind.schema,
    writer: by,
    force: options.force,
  });
  return live ? storeChange(world, kind, live, merged, options.dryRun) : storeNew(world, kind, merged, options.dryRun);
}

/** The real server says it twice: metadata is validated on its own and with the object. */
const immutableUid = (kind: Kind, name: string, uid: Json | undefined): ApiError => {
  const fault = invalidValue('metadata.uid', uid, 'field is immutable');
  return invalid(kind, name, [fault, fault]);
};

/** A missing object is created again, whatever version was named; a uid that is named must be there and equal. */
function requirePreconditions(kind: Kind, live: KubeObject | undefined, applied: KubeObject, name: string): void {
  const uid = stringAt(applied.metadata, 'uid');
  if (!live) {
    if (uid !== undefined)
      throw conflict(
        kind,
        name,
        `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
      );
    return;
  }
  // The version is compared first: a recreated object is a race (409) to who names both.
  requireVersion(kind, live, stringAt(applied.metadata, 'resourceVersion'));
  if (uid !== undefined && uid !== uidOf(live)) throw immutableUid(kind, name, uid);
}

/** JSON merge patch (RFC 7386) of a value. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** PATCH of an object with a JSON merge patch; it must be there. */
export function patchObject(
  world: World,
  kind: Kind,
  namespace: string,
  name: string,
  text: string,
  options: WriteOptions,
): Written {
  const live = world.store.get(kind, namespace, name);
  if (!live) throw notFound(kind, name);
  const patched = asKubeObject(mergePatch(live, asPatch(parseBody(text))));
  if (!patched) throw badRequest('the patch takes apiVersion, kind or metadata away');
  if (stringAt(patched.metadata, 'name') !== name)
    throw badRequest(`the name of the object (${patched.metadata.name}) does not match the name on the URL (${name})`);
  const version = stringAt(patched.metadata, 'resourceVersion');
  if (version === undefined) throw modified(kind, name);
  requireVersion(kind, live, version);
  if (stringAt(patched.metadata, 'uid') !== uidOf(live)) throw immutableUid(kind, name, patched.metadata.uid);
  const warnings: string[] = [];
  const known = declared(patched, kind, options.validation, warnings);
  const [fault] = typeFaults(known, kind.schema);
  if (fault) throw badPatch(known, `json: cannot unmarshal ${fault}`);
  const written = storeChange(world, kind, live, known, options.dryRun, writer(world, kind, options, 'Update'));
  return { ...written, warnings: [...warnings, ...written.warnings] };
}

/** What a merge patch gives that has not the type of its kind: the refusal quotes the whole object. */
export const badPatch = (patched: Json, why: string): ApiError =>
  invalid({ group: '', resource: '', kind: '' }, '', [invalidValue('patch', JSON.stringify(patched), why)]);

export function asPatch(body: unknown): JsonObject {
  if (typeof body === 'object' && body !== null && !Array.isArray(body))
    return Object.fromEntries(Object.entries(body));
  throw badRequest('a merge patch of an object is a map');
}
