import { stdinDigest } from '../digest.ts';
import type { ObjectEffect } from '../effect.ts';
import {
  accessOf,
  type ExecRequest,
  isMutating,
  type MutatingRequest,
  namespaceOf,
  type PlannedRequest,
  typeOf,
} from '../request.ts';
import { objectId, resourceGroup } from '../resource.ts';
import type { Facts } from './facts.ts';
import { isUninspectable } from './inspectable.ts';

export interface FactsInput {
  readonly requests: readonly PlannedRequest[];
  /** One for each mutating request, in order. */
  readonly effects: readonly ObjectEffect[];
  /** Labels of each namespace that is changed or changed in; undefined: they could not be read. */
  readonly namespaceLabels: Facts['namespaceLabels'];
}

/** Pure: everything is read off the plan. A mutating request without an effect counts as one of unknown effect. */
export function deriveFacts({ requests, effects, namespaceLabels }: FactsInput): Facts {
  const mutating = requests.filter(isMutating);
  const execs = mutating.filter((request): request is ExecRequest => request.action === 'exec');
  const deletes = mutating.filter((request, index) => isDelete(request, effects[index]));
  return {
    verbs: distinct([...requests.map((request) => accessOf(request).verb), ...deletes.map(() => 'delete')]),
    resources: distinct(requests.map((request) => resourceGroup(typeOf(request)))),
    namespaces: namespacesTouched(requests),
    names: distinct(requests.flatMap((request) => (request.action === 'list' ? [] : [request.object.name]))),
    objectCount: new Set(requests.flatMap((request) => (request.action === 'list' ? [] : [idOf(request)]))).size,
    namespaceLabels: labelsOfAll(mutating, namespaceLabels),
    replicas: replicasOf(mutating, effects),
    touchesSecret: requests.some((request) => resourceGroup(typeOf(request)) === 'secrets'),
    takesFieldsFrom: distinct(effects.flatMap((effect) => effect.takes.map(({ manager }) => manager))),
    removesFields: distinct(
      effects.flatMap((effect) => effect.removes.map((path) => `${objectId(effect.object)} ${path}`)),
    ),
    deletes: distinct(deletes.map(idOf)),
    deletedWith: deletedWith(mutating, effects),
    finalizersRemoved: distinct(effects.flatMap(finalizersIn)),
    terminating: effects.some((effect) => effect.terminating === true),
    execCommand: execs.flatMap((request) => request.command),
    stdinDigest: stdinDigest(execs.find((request) => request.stdin !== undefined)?.stdin),
    warnings: effects.reduce((count, effect) => count + effect.warnings.length, 0),
    effectUnknown: effects.length < mutating.length || effects.some((effect) => effect.unknown !== undefined),
    uninspectable: isUninspectable(requests, effects),
  };
}

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)].sort();

const idOf = (request: Exclude<PlannedRequest, { action: 'list' }>): string => objectId(request.object);

/** An apply that takes the last finalizer of a terminating object is a delete too. */
const isDelete = (request: MutatingRequest, effect: ObjectEffect | undefined): boolean =>
  request.action === 'delete' || effect?.action === 'delete';

/** Namespaces that requests are in, and those that they are about; `*`: a list over all of them. */
export const namespacesTouched = (requests: readonly PlannedRequest[]): readonly string[] =>
  distinct(
    requests.flatMap((request) => {
      if (request.action !== 'list' && resourceGroup(request.object.type) === 'namespaces')
        return [request.object.name];
      const namespace = namespaceOf(request);
      if (namespace !== undefined) return [namespace];
      return request.action === 'list' && request.type.namespaced ? ['*'] : [];
    }),
  );

function labelsOfAll(mutating: readonly MutatingRequest[], labels: Facts['namespaceLabels']): Facts['namespaceLabels'] {
  if (labels === undefined) return undefined;
  const namespaces = mutating.flatMap((request) => namespaceOf(request) ?? []);
  return namespaces.every((namespace) => Object.hasOwn(labels, namespace)) ? labels : undefined;
}

/** Empty where nothing that has replicas changes them; absent where an effect is unknown that might. */
function replicasOf(mutating: readonly MutatingRequest[], effects: readonly ObjectEffect[]): Facts['replicas'] {
  const replicas: { object: string; from: number; to: number }[] = [];
  for (const [index, request] of mutating.entries()) {
    if (request.action !== 'apply' && request.action !== 'scale') continue;
    const effect = effects[index];
    if (effect === undefined || effect.unknown !== undefined) return undefined;
    const change = effect.changes.find(({ path }) => path === 'spec.replicas');
    if (change === undefined) continue;
    const { from = 0, to = 0 } = change;
    if (typeof from !== 'number' || typeof to !== 'number') return undefined;
    replicas.push({ object: idOf(request), from, to });
  }
  return replicas;
}

function deletedWith(mutating: readonly MutatingRequest[], effects: readonly ObjectEffect[]): number | undefined {
  let total = 0;
  for (const [index, request] of mutating.entries()) {
    const effect = effects[index];
    if (!isDelete(request, effect)) continue;
    if (effect?.deletesWith === undefined) return undefined;
    for (const { count } of effect.deletesWith) {
      if (count === undefined) return undefined;
      total += count;
    }
  }
  return total;
}

/** A delete waits for finalizers; only a change of the list removes one. */
const finalizersIn = (effect: ObjectEffect): readonly string[] =>
  effect.changes.flatMap(({ path, from, to }) =>
    path.startsWith('metadata.finalizers[') && to === undefined && typeof from === 'string' ? [from] : [],
  );
