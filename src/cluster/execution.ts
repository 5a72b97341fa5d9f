import type { ExecEnd, ExecutionHandle, LogsEnd, RawResponse } from '../domain/cluster.ts';
import type { Clock } from '../domain/environment.ts';
import type { Frame } from '../domain/recording.ts';
import { type ExecRequest, isMutating, type LogsRequest, type SendableRequest } from '../domain/request.ts';
import { resourceGroup } from '../domain/resource.ts';
import { checkAllowed } from './allowed.ts';
import type { Api, ApiAnswer } from './api.ts';
import type { Discovery } from './discovery.ts';
import { runExec } from './exec.ts';
import type { Granted } from './granted.ts';
import { listPage } from './list.ts';
import { readLogs } from './logs.ts';
import { getCall, tidyTable } from './reads.ts';
import type { TierName } from './tier.ts';
import { applyCall, deleteCall, scaleCall } from './writes.ts';

/** Sends what one grant names. A mutating request leaves it the moment it is about to be sent, whatever comes of it. */
export class Execution implements ExecutionHandle {
  readonly #granted: Granted;
  readonly #as: (tier: TierName) => Api;
  readonly #discovery: Discovery;
  readonly #clock: Clock;

  constructor(granted: Granted, as: (tier: TierName) => Api, discovery: Discovery, clock: Clock) {
    this.#granted = granted;
    this.#as = as;
    this.#discovery = discovery;
    this.#clock = clock;
  }

  async send(request: SendableRequest): Promise<RawResponse> {
    checkAllowed(request);
    this.#granted.take(request);
    const answer = await this.#exchange(request);
    if (isMutating(request) && definesKinds(request)) this.#discovery.invalidate();
    return answer;
  }

  #exchange(request: SendableRequest): Promise<ApiAnswer> {
    switch (request.action) {
      case 'get':
        return this.#get(request);
      case 'list':
        return listPage(this.#as('read'), request);
      case 'apply':
        return this.#as('write').call(applyCall(request, 'real'));
      case 'delete':
        return this.#as('write').call(deleteCall(request));
      case 'scale':
        return this.#as('write').call(scaleCall(request));
    }
  }

  async #get(request: Extract<SendableRequest, { action: 'get' }>): Promise<ApiAnswer> {
    const answer = await this.#as('read').call(getCall(request));
    return request.representation === 'table' ? { ...answer, body: tidyTable(answer.body) } : answer;
  }

  logs(request: LogsRequest, onChunk: (bytes: Uint8Array) => void): Promise<LogsEnd> {
    checkAllowed(request);
    this.#granted.take(request);
    return readLogs(this.#as('read'), request, onChunk);
  }

  async exec(request: ExecRequest, onFrame: (frame: Frame) => Promise<void>): Promise<ExecEnd> {
    checkAllowed(request);
    this.#granted.take(request);
    return runExec({ reads: this.#as('read'), clock: this.#clock }, this.#as('exec'), request, onFrame);
  }
}

/** What was changed changes what the cluster serves. */
const definesKinds = (request: Exclude<SendableRequest, { action: 'list' }>): boolean => {
  const resource = resourceGroup(request.object.type);
  return (
    resource === 'customresourcedefinitions.apiextensions.k8s.io' || resource === 'apiservices.apiregistration.k8s.io'
  );
};
