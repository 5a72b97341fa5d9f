import type { JsonObject } from './json.ts';
import type { ObjectRef, ResourceType } from './resource.ts';

/**
 * What will be sent to the API server, one member a request: everything that decides what happens is in it, so what is
 * hashed is what is sent. `resourceVersion` alone is added at the claim and stays out of the digest form.
 */
export type PlannedRequest =
  | GetRequest
  | ListRequest
  | LogsRequest
  | ApplyRequest
  | DeleteRequest
  | ScaleRequest
  | ExecRequest;
export type MutatingRequest = ApplyRequest | DeleteRequest | ScaleRequest | ExecRequest;

/** What is answered in one piece. */
export type SendableRequest = Exclude<PlannedRequest, ExecRequest | LogsRequest>;

export interface GetRequest {
  readonly action: 'get';
  readonly object: ObjectRef;
  readonly representation: 'object' | 'table';
}

export interface ListRequest {
  readonly action: 'list';
  readonly type: ResourceType;
  /** Undefined: all namespaces, or a cluster-scoped kind. */
  readonly namespace: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit: number;
  /** The API server's own continue token. */
  readonly continue?: string;
  readonly representation: 'object' | 'table' | 'metadata';
}

/** The end of one container's log; always asked for with times, which are taken off again before the mask looks. */
export interface LogsRequest {
  readonly action: 'logs';
  /** The pod. */
  readonly object: ObjectRef;
  readonly container: string;
  /** Of the run before this one. */
  readonly previous: boolean;
  readonly tailLines: number;
  /** So many of them are before those that are asked for, and are not shown. */
  readonly linesBefore?: number;
  readonly sinceSeconds?: number;
}

/** Server-side apply. `create`: sent with resourceVersion "1", 409 if it exists. `update`: sent with uid and resourceVersion. */
export interface ApplyRequest {
  readonly action: 'apply';
  readonly mode: 'create' | 'update';
  readonly object: ObjectRef;
  /** What is sent, without resourceVersion; with `metadata.uid` for `update`. Carried-forward fields are in it. */
  readonly body: JsonObject;
  readonly forceConflicts: boolean;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface DeleteRequest {
  readonly action: 'delete';
  readonly object: ObjectRef;
  readonly uid: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}

/** Merge-patch of the scale subresource, bound by the resourceVersion that was read with the replicas. */
export interface ScaleRequest {
  readonly action: 'scale';
  readonly object: ObjectRef;
  readonly replicas: number;
  readonly uid: string;
  readonly resourceVersion?: string;
}

export interface ExecRequest {
  readonly action: 'exec';
  /** The pod. */
  readonly object: ObjectRef;
  readonly container: string;
  readonly command: readonly string[];
  readonly stdin?: string;
  readonly timeoutSeconds: number;
  readonly uid: string;
  /** The container that was reviewed; another one after connecting ends the session. */
  readonly containerId: string;
  readonly restartCount: number;
  readonly startedAt: string;
}

/** The RBAC words for a request: what policy, facts, annotations and the closed table of `access.ts` talk about. */
export interface Access {
  readonly verb: 'get' | 'list' | 'create' | 'patch' | 'delete';
  readonly subresource?: string;
}

export function accessOf(request: PlannedRequest): Access {
  switch (request.action) {
    case 'get':
      return { verb: 'get' };
    case 'list':
      return { verb: 'list' };
    case 'logs':
      return { verb: 'get', subresource: 'log' };
    case 'apply':
      return { verb: request.mode === 'create' ? 'create' : 'patch' };
    case 'delete':
      return { verb: 'delete' };
    case 'scale':
      return { verb: 'patch', subresource: 'scale' };
    case 'exec':
      return { verb: 'create', subresource: 'exec' };
  }
}

export const isMutating = (request: PlannedRequest): request is MutatingRequest =>
  request.action !== 'get' && request.action !== 'list' && request.action !== 'logs';

export const typeOf = (request: PlannedRequest): ResourceType =>
  request.action === 'list' ? request.type : request.object.type;

export const namespaceOf = (request: PlannedRequest): string | undefined =>
  request.action === 'list' ? request.namespace : request.object.namespace;
