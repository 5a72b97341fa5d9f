import { type JsonObject, objectAt, stringAt } from '../domain/json.ts';
import * as accept from './accept.ts';
import type { Api } from './api.ts';

/** What somebody would do, in RBAC's words. */
export interface Asked {
  readonly verb: string;
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly namespace?: string;
}

/**
 * Whether who speaks may do it, by SelfSubjectAccessReview. As a dry run, so that the planner's admission policy lets it through.
 * https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/
 * @throws Unavailable, Forbidden
 */
export async function may(api: Api, asked: Asked): Promise<boolean> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { ...asked } },
  };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews?dryRun=All';
  const { body } = await post(api, path, review, 'ask what we may do');
  return objectAt(body, 'status')?.allowed === true;
}

/** Who the API server says that we are. Undefined where it does not serve that (before Kubernetes 1.28). */
export async function whoAmI(api: Api): Promise<string | undefined> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews?dryRun=All';
  const { body } = await post(api, path, review, 'ask who we are');
  return stringAt(body, 'status', 'userInfo', 'username');
}

/**
 * Tries to write, as the planner: an Event, which nobody acts on and the API server removes by itself. `dry` first, to know
 * that it is not RBAC that denies. @throws Forbidden when it is refused
 */
export async function tryWrite(api: Api, namespace: string, now: string, dry: boolean): Promise<void> {
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: 'countersign-doctor-', namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Namespace', name: namespace, namespace },
    reason: 'CountersignDoctor',
    message: 'countersign doctor tried whether planning can write: it can, so apply docs/kubernetes/planner.yaml',
    type: 'Warning',
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component: 'countersign' },
  };
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events${dry ? '?dryRun=All' : ''}`;
  await post(api, path, event, 'create Event as the planner');
}

const post = (api: Api, path: string, body: JsonObject, what: string) =>
  api.call({ method: 'POST', path, accept: accept.json, body: JSON.stringify(body), mutates: false, what });
