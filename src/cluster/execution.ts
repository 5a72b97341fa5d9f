import type { ExecEnd, ExecutionHandle, RawResponse } from '../domain/cluster.ts';
import type { Frame } from '../domain/recording.ts';
import type { ExecRequest, PlannedRequest } from '../domain/request.ts';
import { resourceGroup } from '../domain/resource.ts';
import { checkAllowed } from './allowed.ts';
import type { Api, ApiAnswer } from './api.ts';
import type { Discovery } from './discovery.ts';
import { type ExecSession, runExec } from './exec.ts';
import type { Granted } from './granted.ts';
import { listPage } from './list.ts';
import { getCall, tidyTable } from './reads.ts';
import { applyCall, deleteCall, scaleCall } from './writes.ts';

type Sendable = Exclude<PlannedRequest, ExecRequest>;

/** Sends what one grant names. A mutating request leaves it the moment it is about to be sent, whatever comes of it. */
export class Execution implements ExecutionHandle {
  readonly #granted: Granted;
  readonly #api: Api;
  readonly #discovery: Discovery;
  readonly #session: ExecSession;

  constructor(granted: Granted, api: Api, discovery: Discovery, session: ExecSession) {
    this.#granted = granted;
    this.#api = api;
    this.#discovery = discovery;
    this.#session = session;
  }

  async send(request: Sendable): Promise<RawResponse> {
    checkAllowed(request);
    this.#granted.take(request);
    const answer = await this.#exchange(request);
    if (request.action !== 'get' && request.action !== 'list' && definesKinds(request)) this.#discovery.invalidate();
    return answer;
  }

  #exchange(request: Sendable): Promise<ApiAnswer> {
    switch (request.action) {
      case 'get':
        return this.#get(request);
      case 'list':
        return listPage(this.#api, request);
      case 'apply':
        return this.#api.call(applyCall(request, 'real'));
      case 'delete':
        return this.#api.call(deleteCall(request));
      case 'scale':
        return this.#api.call(scaleCall(request));
    }
  }

  async #get(request: Extract<Sendable, { action: 'get' }>): Promise<ApiAnswer> {
    const answer = await this.#api.call(getCall(request));
    return request.representation === 'table' ? { ...answer, body: tidyTable(answer.body) } : answer;
  }

  async exec(request: ExecRequest, onFrame: (frame: Frame) => Promise<void>): Promise<ExecEnd> {
    checkAllowed(request);
    this.#granted.take(request);
    return runExec(this.#session, this.#api, request, onFrame);
  }
}

/** What was changed changes what the cluster serves. */
const definesKinds = (request: Exclude<Sendable, { action: 'list' }>): boolean => {
  const resource = resourceGroup(request.object.type);
  return (
    resource === 'customresourcedefinitions.apiextensions.k8s.io' || resource === 'apiservices.apiregistration.k8s.io'
  );
};
