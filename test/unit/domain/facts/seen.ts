import { noFields, type ObjectEffect } from '../../../../src/domain/effect.ts';
import { deriveFacts } from '../../../../src/domain/facts/derive.ts';
import type { NamespaceLabels } from '../../../../src/domain/facts/environment.ts';
import type { Seen } from '../../../../src/domain/facts/seen.ts';
import type { ObjectFacts } from '../../../../src/domain/facts/spec.ts';
import type { JsonObject } from '../../../../src/domain/json.ts';
import type { ApplyRequest, DeleteRequest, ExecRequest, ScaleRequest } from '../../../../src/domain/request.ts';
import type { ObjectRef, ResourceType } from '../../../../src/domain/resource.ts';

export const type = (resource: string, kind: string, group = '', namespaced = true): ResourceType => ({
  group,
  version: 'v1',
  resource,
  kind,
  singular: kind.toLowerCase(),
  shortNames: [],
  namespaced,
  verbs: [],
  subresources: [],
  servedBy: 'built-in',
});
export const types = {
  deployments: type('deployments', 'Deployment', 'apps'),
  daemonSets: type('daemonsets', 'DaemonSet', 'apps'),
  cronJobs: type('cronjobs', 'CronJob', 'batch'),
  pods: type('pods', 'Pod'),
  configMaps: type('configmaps', 'ConfigMap'),
  secrets: type('secrets', 'Secret'),
  namespaces: type('namespaces', 'Namespace', '', false),
  nodes: type('nodes', 'Node', '', false),
  gadgets: type('gadgets', 'Gadget', 'example.com'),
};
export const ref = (of: ResourceType, name = 'web', namespace = 'shop'): ObjectRef => ({
  type: of,
  namespace: of.namespaced ? namespace : undefined,
  name,
});

type Objects = Partial<Pick<Seen, 'before' | 'after' | 'body'>>;

/** An apply: the body is what it becomes too, unless it is said. */
export function applied(object: ObjectRef, objects: Objects, effect: Partial<ObjectEffect> = {}): Seen {
  const mode = objects.before === undefined ? 'create' : 'update';
  const body = objects.body ?? {};
  const request: ApplyRequest = { action: 'apply', mode, object, body, forceConflicts: false };
  const action = mode === 'create' ? 'create' : 'configure';
  const after = effect.unknown === undefined ? (objects.after ?? objects.body) : undefined;
  return { request, before: objects.before, body, after, effect: { ...noFields, object, action, ...effect } };
}

export function deleted(object: ObjectRef, effect: Partial<ObjectEffect> = {}, before: JsonObject = {}): Seen {
  const request: DeleteRequest = { action: 'delete', object, uid: 'u1', propagationPolicy: 'Background' };
  const full: ObjectEffect = { ...noFields, object, action: 'delete', deletesWith: [], ...effect };
  return { request, before, after: undefined, body: undefined, effect: full };
}

export function scaled(object: ObjectRef, from: number, replicas: number, before: JsonObject = {}): Seen {
  const request: ScaleRequest = { action: 'scale', object, replicas, uid: 'u1' };
  const changes = [{ path: 'spec.replicas', from, to: replicas, hidden: false }];
  return {
    request,
    before,
    after: undefined,
    body: undefined,
    effect: { ...noFields, object, action: 'scale', changes },
  };
}

export function execed(command: readonly string[], stdin?: string, before: JsonObject = {}): Seen {
  const object = ref(types.pods, 'web-1');
  const request: ExecRequest = {
    action: 'exec',
    object,
    container: 'web',
    command,
    ...(stdin === undefined ? {} : { stdin }),
    timeoutSeconds: 30,
    uid: 'u1',
    containerId: 'c1',
    restartCount: 0,
    startedAt: '2026-11-21T09:00:00Z',
  };
  const effect: ObjectEffect = { ...noFields, object, action: 'exec', unknown: 'a program' };
  return { request, before, after: undefined, body: undefined, effect };
}

export const got = (object: ObjectRef): Seen => ({
  request: { action: 'get', object, representation: 'object' },
  effect: undefined,
  before: undefined,
  after: undefined,
  body: undefined,
});

export const listed = (of: ResourceType, namespace?: string): Seen => ({
  ...got(ref(of)),
  request: { action: 'list', type: of, namespace, limit: 50, representation: 'table' },
});

/** The facts of one object. */
export function factsOf(seen: Seen, namespaceLabels: NamespaceLabels = { shop: {} }): ObjectFacts {
  const [facts] = deriveFacts({ seen: [seen], namespaceLabels }).objects;
  if (facts === undefined) throw new Error('one object has facts');
  return facts;
}

export const change = (path: string, from: number | string | undefined, to: number | string | undefined) => ({
  path,
  from,
  to,
  hidden: false,
});

/** A Deployment around a pod spec, as people write it. */
export const deployment = (spec: JsonObject, replicas?: number): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { ...(replicas === undefined ? {} : { replicas }), template: { metadata: {}, spec } },
});
