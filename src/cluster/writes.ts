import { CountersignError } from '../domain/errors.ts';
import { type JsonObject, objectAt, stringAt } from '../domain/json.ts';
import type { ApplyRequest, DeleteRequest, ScaleRequest } from '../domain/request.ts';
import { apiVersion, objectLabel } from '../domain/resource.ts';
import * as accept from './accept.ts';
import type { ApiCall } from './api.ts';
import { objectPath, query } from './paths.ts';

const fieldManager = 'countersign';

/**
 * Server-side apply. Only `dry` of the planning handle asks for a dry run; `all` is spelt here and nowhere else, because a
 * misspelt one is silently a real write. https://kubernetes.io/docs/reference/using-api/server-side-apply/
 * @throws Internal if body and preconditions are not those of the object
 */
export function applyCall(request: ApplyRequest, run: 'real' | 'dry'): ApiCall {
  const parameters = {
    fieldManager,
    force: String(request.forceConflicts),
    fieldValidation: 'Strict',
    dryRun: run === 'dry' ? 'All' : undefined,
  };
  return {
    method: 'PATCH',
    path: objectPath(request.object) + query(parameters),
    accept: accept.json,
    contentType: 'application/apply-patch+yaml',
    body: JSON.stringify(applyBody(request)),
    mutates: run === 'real',
    creates: request.mode === 'create',
    what: `${request.mode === 'create' ? 'create' : 'patch'} ${objectLabel(request.object)}`,
  };
}

/** With "1" for what must not be there yet; with uid and resourceVersion for what must be there unchanged: one alone creates again. */
function applyBody(request: ApplyRequest): JsonObject {
  const { body, object, mode, uid } = request;
  const metadata = objectAt(body, 'metadata') ?? {};
  const namespace = stringAt(metadata, 'namespace');
  const same =
    body.kind === object.type.kind &&
    body.apiVersion === apiVersion(object.type) &&
    metadata.name === object.name &&
    (namespace === undefined || namespace === object.namespace);
  if (!same) throw internal(`the manifest is not that of ${objectLabel(object)}`);
  if ('resourceVersion' in metadata) throw internal('resourceVersion belongs to the request, not to its body');
  if (mode === 'create') {
    if (metadata.uid !== undefined) throw internal('what is created has no uid yet');
    return { ...body, metadata: { ...metadata, resourceVersion: '1' } };
  }
  if (uid === undefined || metadata.uid !== uid)
    throw internal('an update names the uid, in the request and in its body');
  return { ...body, metadata: { ...metadata, resourceVersion: versionOf(request) } };
}

/** The body holds everything: with a body the server ignores the query. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/ */
export function deleteCall(request: DeleteRequest): ApiCall {
  const options = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: { uid: request.uid, resourceVersion: versionOf(request) },
    propagationPolicy: request.propagationPolicy,
    ...(request.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: request.gracePeriodSeconds }),
  };
  return {
    method: 'DELETE',
    path: objectPath(request.object),
    accept: accept.json,
    body: JSON.stringify(options),
    mutates: true,
    what: `delete ${objectLabel(request.object)}`,
  };
}

/** For CRDs the server ignores the uid here, so resourceVersion is what binds it. */
export function scaleCall(request: ScaleRequest): ApiCall {
  const { replicas, uid } = request;
  if (!Number.isSafeInteger(replicas) || replicas < 0) throw internal('replicas must be a whole number');
  const patch = { metadata: { uid, resourceVersion: versionOf(request) }, spec: { replicas } };
  return {
    method: 'PATCH',
    path: objectPath(request.object, 'scale') + query({ fieldManager }),
    accept: accept.json,
    contentType: 'application/merge-patch+json',
    body: JSON.stringify(patch),
    mutates: true,
    what: `scale ${objectLabel(request.object)}`,
  };
}

function versionOf(request: { readonly resourceVersion?: string }): string {
  const version = request.resourceVersion;
  // "0" and "" mean "whatever is there"
  if (version === undefined || version === '' || version === '0') throw internal('the request has no resourceVersion');
  return version;
}

const internal = (message: string): CountersignError => new CountersignError('Internal', message);
