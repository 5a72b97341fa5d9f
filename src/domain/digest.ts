import { hash } from 'node:crypto';
import { canonicalJson } from './canonical.ts';
import type { ClusterIdentity } from './cluster.ts';
import type { Change, ObjectEffect } from './effect.ts';
import { type Json, type JsonObject, stringAt } from './json.ts';
import { formatPath, type Path } from './path.ts';
import { replaceLeaves, treeOf } from './path-tree.ts';
import { type Principal, principalForm } from './principal.ts';
import { type PlannedRequest, typeOf } from './request.ts';
import { type ObjectRef, objectId, resourceGroup } from './resource.ts';
import type { Keyed } from './state.ts';

const sha256 = (text: string): string => `sha256:${hash('sha256', text, 'hex')}`;

/** Of a document as a person has it in a file, secret leaves keyed; `countersign digest FILE` prints the same. */
export function manifestDigest(manifest: JsonObject, sensitive: readonly Path[], keyed: Keyed): string {
  const scope = `manifest/${stringAt(manifest, 'kind')}/${stringAt(manifest, 'metadata', 'name')}`;
  return sha256(`countersign/manifest/v1\0${canonicalJson(keyLeaves(scope, manifest, sensitive, keyed))}`);
}

export const stdinDigest = (stdin: string | undefined): string => (stdin === undefined ? '' : sha256(stdin));

/** Computed before drafting: identical calls re-attach by it. `input` is canonical and without the reason. */
export const callDigest = (principal: Principal, cluster: string, tool: string, input: Json): string =>
  sha256(`countersign/call/v1\0${canonicalJson({ principal: principalForm(principal), cluster, tool, input })}`);

/** For whom and where a plan is made. */
export interface PlanHeader {
  readonly cluster: ClusterIdentity;
  readonly principal: Principal;
  readonly tool: string;
}

/**
 * What an approval is bound to, over one digest per object (`objectDigests`), so that an object that is gone at the claim is
 * a subset and not a drift.
 */
export const planDigestOf = (header: PlanHeader, objects: readonly string[]): string => {
  const form: Json = {
    cluster: { ...header.cluster },
    principal: principalForm(header.principal),
    tool: header.tool,
    objects,
  };
  return sha256(`countersign/plan/v1\0${canonicalJson(form)}`);
};

/** One digest per request with its effect; reads have no effect. */
export const objectDigests = (
  requests: readonly Json[],
  effects: readonly ObjectEffect[],
  keyed: Keyed,
): readonly string[] =>
  requests.map((request, index) => {
    const effect = effects[index];
    return sha256(canonicalJson({ request, effect: effect === undefined ? null : effectForm(effect, keyed) }));
  });

/** What of an effect is hashed: what changes and for which object; not what a delete takes with it, which is facts. */
const effectForm = (effect: ObjectEffect, keyed: Keyed): Json => ({
  object: objectId(effect.object),
  action: effect.action,
  uid: effect.uid ?? null,
  changes: effect.changes.map((change) => changeForm(objectId(effect.object), change, keyed)),
  removes: effect.removes,
  takes: effect.takes.map(({ path, manager }) => ({ path, manager })),
  unknown: effect.unknown ?? null,
});

/** A plain hash of a value that is easy to guess would be one of the value. What is sent instead of it is the caller's own. */
const changeForm = (object: string, { path, from, to, copy }: Change, keyed: Keyed): Json => {
  const was = copy === true && from !== undefined ? keyed(`${object}\0${path}\0${canonicalJson(from)}`) : from;
  return withoutUndefined({ path, from: was, to });
};

/** A request as it is hashed: everything but resourceVersion, secret leaves keyed. */
export function requestForm(request: PlannedRequest, sensitive: readonly Path[], keyed: Keyed): Json {
  const type = typeOf(request);
  const where: JsonObject = { resource: resourceGroup(type), version: type.version };
  const { resourceVersion: _, ...rest } = request as PlannedRequest & { resourceVersion?: string };
  if (rest.action === 'list') {
    const { type: __, ...query } = rest;
    return withoutUndefined({ ...where, ...query });
  }
  const { object, ...said } = rest;
  const base = { ...where, namespace: object.namespace ?? null, name: object.name };
  if (said.action === 'apply')
    return withoutUndefined({ ...base, ...said, body: digestForm(object, said.body, sensitive, keyed) });
  if (said.action === 'exec') return withoutUndefined({ ...base, ...said, stdin: stdinDigest(said.stdin) });
  return withoutUndefined({ ...base, ...said });
}

/**
 * The object with each sensitive leaf replaced by a keyed token. The token is bound to object and path, so equal secrets in
 * two places have different tokens and nothing can be compared across objects.
 */
export const digestForm = (
  object: ObjectRef,
  value: JsonObject,
  sensitive: readonly Path[],
  keyed: Keyed,
): JsonObject =>
  keyLeaves(`${resourceGroup(object.type)}/${object.namespace ?? ''}/${object.name}`, value, sensitive, keyed);

function keyLeaves(scope: string, value: JsonObject, sensitive: readonly Path[], keyed: Keyed): JsonObject {
  const token = (path: Path, leaf: Json): string => keyed(`${scope}\0${formatPath(path)}\0${canonicalJson(leaf)}`);
  return replaceLeaves(value, treeOf(sensitive), token) as JsonObject;
}
const withoutUndefined = (members: { readonly [key: string]: unknown }): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JsonObject;
