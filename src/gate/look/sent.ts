import { sameJson } from '../../domain/effect/lists.ts';
import type { Change, ObjectEffect } from '../../domain/effect.ts';
import { isJsonObject, type Json, listAt, numberAt, stringAt } from '../../domain/json.ts';
import type { Plan } from '../../domain/plan.ts';
import { isMutating, type MutatingRequest } from '../../domain/request.ts';
import { apiVersion, resourceGroup } from '../../domain/resource.ts';
import type { Keyed } from '../../domain/state.ts';

/** What is known of a run before it is sent, to find out by reading what became of it. Hidden values are keyed tokens. */
export interface Sent {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly keyId: string;
  readonly objects: readonly SentObject[];
}

export interface SentObject {
  readonly how: 'apply' | 'delete' | 'scale';
  readonly apiVersion: string;
  readonly kind: string;
  readonly resourceGroup: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** Undefined: it was not there, and is created. */
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  /** It was being deleted already. */
  readonly terminating: boolean;
  /** Whether the object is another one afterwards: what changes nothing leaves no trace. */
  readonly changes: boolean;
  /** Values that were not there before, by path. */
  readonly to: { readonly [path: string]: Json };
}

/** Of the key that tokens are made with now. */
export const keyIdOf = (keyed: Keyed): string => keyed('').split(':')[1] ?? '';

/** Undefined where reading cannot tell: a program, and what another server behind the API server keeps. */
export function sentForm(plan: Pick<Plan, 'requests' | 'effects'>, keyId: string, time: number): Json | undefined {
  const requests = plan.requests.filter(isMutating);
  const readable = requests.every((each) => each.action !== 'exec' && each.object.type.servedBy !== 'aggregated');
  if (!readable || requests.length === 0 || requests.length !== plan.effects.length) return undefined;
  return { time, keyId, objects: requests.map((request, index) => formOf(request, plan.effects[index])) };
}

function formOf(request: MutatingRequest, effect: ObjectEffect | undefined): Json {
  const { type, namespace, name } = request.object;
  const real = (effect?.changes ?? []).filter((change) => isReal(change, effect?.varies ?? []));
  return {
    ...{ how: request.action, apiVersion: apiVersion(type), kind: type.kind, resourceGroup: resourceGroup(type), name },
    namespace: namespace ?? null,
    uid: request.uid ?? null,
    resourceVersion: 'resourceVersion' in request ? (request.resourceVersion ?? null) : null,
    terminating: effect?.terminating === true,
    changes: request.action === 'delete' || real.length > 0,
    to: Object.fromEntries(real.flatMap(({ path, to }) => (to === undefined ? [] : [[path, to]]))),
  };
}

/** A hidden leaf is listed though it is equal, and what admission sets anew each time proves nothing. */
const isReal = ({ path, from, to }: Change, varies: readonly string[]): boolean =>
  !varies.includes(path) && !sameJson(from, to);

/** Undefined: it is not what `sentForm` makes. */
export function readSent(json: Json | undefined): Sent | undefined {
  const time = numberAt(json, 'time');
  const keyId = stringAt(json, 'keyId');
  const objects = listAt(json, 'objects').map(objectOf);
  if (time === undefined || keyId === undefined || objects.length === 0) return undefined;
  const known = objects.filter((each) => each !== undefined);
  return known.length === objects.length ? { time, keyId, objects: known } : undefined;
}

function objectOf(json: Json): SentObject | undefined {
  if (!isJsonObject(json)) return undefined;
  const { how, terminating, changes, to } = json;
  const said = {
    apiVersion: stringAt(json, 'apiVersion') ?? '',
    kind: stringAt(json, 'kind') ?? '',
    resourceGroup: stringAt(json, 'resourceGroup') ?? '',
    name: stringAt(json, 'name') ?? '',
  };
  const isWhole = Object.values(said).every((text) => text !== '') && isJsonObject(to);
  if (!isWhole || (how !== 'apply' && how !== 'delete' && how !== 'scale')) return undefined;
  return {
    ...said,
    how,
    namespace: stringAt(json, 'namespace'),
    uid: stringAt(json, 'uid'),
    resourceVersion: stringAt(json, 'resourceVersion'),
    // What is missing must not let anything be found out.
    terminating: terminating !== false,
    changes: changes === true,
    to,
  };
}
