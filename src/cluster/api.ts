import type { RequestContext } from '../domain/cluster.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import type { ApiResponse } from './answer.ts';
import type { ApiClient, ApiRequest } from './api-client.ts';
import { unknownError } from './connection-failure.ts';
import { isStatus, type ManagedFields, objectOf, parseBody } from './parse.ts';
import { statusError } from './status-error.ts';
import type { StreamLimits } from './streamed.ts';
import type { Tier } from './tier.ts';

export interface ApiCall extends ApiRequest {
  /** Of one object that is shown and nothing else they may be left out; kept where it is not said. */
  readonly managedFields?: ManagedFields;
  readonly creates?: boolean;
}

export interface ApiAnswer {
  readonly httpStatus: number;
  readonly body: JsonObject;
  readonly warnings: readonly string[];
}

/** A client, as whom it speaks and for which invocation: what every handle is made of. */
export class Api {
  readonly client: ApiClient;
  readonly context: RequestContext;
  readonly #tier: Tier;
  readonly #onUnserved: () => void;

  /** `onUnserved`: a 404 that is not a Status, so what is known of the served kinds is out of date. */
  constructor(client: ApiClient, tier: Tier, context: RequestContext, onUnserved: () => void) {
    this.client = client;
    this.context = context;
    this.#tier = tier;
    this.#onUnserved = onUnserved;
  }

  get tier(): Tier {
    return this.#tier;
  }

  /** @throws CountersignError for every answer that is not 2xx */
  async call(request: ApiCall): Promise<ApiAnswer> {
    const { response, body } = await this.#exchange(request);
    if (response.status < 200 || response.status > 299) {
      throw statusError(response, body, { ...request, host: this.client.host });
    }
    if (body === undefined && request.mutates) {
      throw unknownError(request.what, `${this.client.host} answered with something that is not JSON`);
    }
    return { httpStatus: response.status, body: objectOf(body, this.client.host), warnings: response.warnings };
  }

  /** Undefined where a Status says that it is not there. */
  async find(request: ApiCall): Promise<ApiAnswer | undefined> {
    const { response, body } = await this.#exchange(request);
    if (response.status === 404 && isStatus(body)) return undefined;
    if (response.status !== 200) throw statusError(response, body, { ...request, host: this.client.host });
    return { httpStatus: 200, body: objectOf(body, this.client.host), warnings: response.warnings };
  }

  /** @throws CountersignError for every answer that is not 2xx; a body that breaks off is said */
  async stream(
    request: ApiRequest,
    limits: StreamLimits,
    onChunk: (bytes: Uint8Array) => void,
  ): Promise<{ readonly cut: boolean }> {
    const { refused, cut } = await this.client.stream(request, limits, this.#tier, this.context, onChunk);
    if (refused === undefined) return { cut };
    throw statusError(refused, parseBody(refused), { ...request, host: this.client.host });
  }

  /** The status as it comes, for who wants to see a 410 or a 403. */
  async #exchange(request: ApiCall): Promise<{ response: ApiResponse; body: Json | undefined }> {
    const response = await this.client.send(request, this.#tier, this.context);
    const body = parseBody(response, request.managedFields);
    if (response.status !== 404 || isStatus(body)) return { response, body };
    this.#onUnserved();
    if (request.mutates) return { response, body };
    const again = await this.client.send(request, this.#tier, this.context);
    return { response: again, body: parseBody(again, request.managedFields) };
  }
}
