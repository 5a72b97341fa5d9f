import type { Pool } from 'undici';
import type { RequestContext } from '../domain/cluster.ts';
import { Answer, type ApiResponse } from './answer.ts';
import type { Endpoint } from './connection.ts';
import { ConnectionFailure, failureError } from './connection-failure.ts';
import { extraHeaders } from './impersonation.ts';
import { type StreamEnd, Streamed, type StreamLimits } from './streamed.ts';
import type { Tier } from './tier.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'PATCH' | 'DELETE' | 'POST';
  /** Below the server's root, encoded, with the query. */
  readonly path: string;
  readonly accept: string;
  readonly body?: string;
  readonly contentType?: string;
  /** Whether anything is changed when it arrives: then it is never sent twice, and a lost answer is `Unknown`. */
  readonly mutates: boolean;
  /** What it does, for messages: `patch Deployment shop/web`. Identifiers and our own words only. */
  readonly what: string;
}

export const connectMs = 3_000;
export const callMs = 10_000;
const connections = 32;
/** Credentials that are remembered to be masked: roles have several at a time, and new ones every few minutes. */
const mostUsed = 16;
/** Of what stays open: logs, and the masker's watches. */
const streamConnections = 64;

interface OpenPool {
  readonly pool: Pool;
  readonly basePath: string;
}

/** What the client needs to know of its API server. */
interface Server {
  readonly host: string;
  reach(): Endpoint | Promise<Endpoint>;
}

/** One pool of kept-alive connections to one API server, with its CA pinned. Loads and connects at the first request. */
export class ApiClient {
  readonly #server: Server;
  readonly #deadlineMs: number;
  #open: OpenPool | undefined;
  #opening: Promise<OpenPool> | undefined;
  #streams: Promise<OpenPool> | undefined;
  #closed = false;
  #lastUsed: string | undefined;
  #used: readonly string[] = [];

  constructor(server: Server, deadlineMs = callMs) {
    this.#server = server;
    this.#deadlineMs = deadlineMs;
  }

  get host(): string {
    return this.#server.host;
  }

  /** Where the API server is. @throws Unavailable when that cannot be found out */
  reach(): Endpoint | Promise<Endpoint> {
    return this.#server.reach();
  }

  /**
   * Answers whatever status the server gives. A read whose kept-alive connection was dropped is sent once more.
   * @throws Unavailable nothing was changed; Unknown a mutation was sent and its answer lost
   */
  async send(request: ApiRequest, tier: Tier, context: RequestContext): Promise<ApiResponse> {
    const open = this.#open ?? (await this.#load());
    try {
      return await this.#once(open, request, tier, context);
    } catch (thrown) {
      if (!(thrown instanceof ConnectionFailure)) throw thrown;
      if (request.mutates || !thrown.dropped) throw failureError(thrown, request, this.host);
    }
    try {
      return await this.#once(open, request, tier, context);
    } catch (thrown) {
      throw thrown instanceof ConnectionFailure ? failureError(thrown, request, this.host) : thrown;
    }
  }

  async #once(
    { pool, basePath }: OpenPool,
    request: ApiRequest,
    tier: Tier,
    context: RequestContext,
  ): Promise<ApiResponse> {
    const headers = await this.#headersFor(request, tier, context);
    let body: Buffer | null = null;
    if (request.body !== undefined) {
      body = Buffer.from(request.body);
      headers.push('content-type', request.contentType ?? 'application/json', 'content-length', String(body.length));
    }
    const response = await new Promise<ApiResponse>((resolve, reject) => {
      const answer = new Answer(this.#deadlineMs, request.mutates, context.signal, resolve, reject);
      if (answer.over) return;
      pool.dispatch(
        { method: request.method, path: basePath + request.path, headers, body, idempotent: false },
        answer,
      );
    });
    if (response.status === 401) tier.credentials.rejected(context);
    return response;
  }

  /**
   * A read whose body is given away as it comes, over connections of its own: what stays open takes none from short requests.
   * @throws Unavailable; whatever `onChunk` throws
   */
  async stream(
    request: ApiRequest,
    limits: StreamLimits,
    tier: Tier,
    context: RequestContext,
    onChunk: (bytes: Uint8Array) => void,
  ): Promise<StreamEnd> {
    this.#streams ??= this.#connect(streamConnections).catch((thrown: unknown) => {
      this.#streams = undefined;
      throw thrown;
    });
    const { pool, basePath } = await this.#streams;
    const headers = await this.#headersFor(request, tier, context);
    try {
      const end = await new Promise<StreamEnd>((resolve, reject) => {
        const answer = new Streamed(limits, context.signal, onChunk, resolve, reject);
        if (!answer.over) pool.dispatch({ method: request.method, path: basePath + request.path, headers }, answer);
      });
      if (end.refused?.status === 401) tier.credentials.rejected(context);
      return end;
    } catch (thrown) {
      throw thrown instanceof ConnectionFailure ? failureError(thrown, request, this.host) : thrown;
    }
  }

  #load(): Promise<OpenPool> {
    this.#opening ??= this.#connect(connections).then(
      (open) => {
        this.#open = open;
        return open;
      },
      (thrown: unknown) => {
        this.#opening = undefined;
        throw thrown;
      },
    );
    return this.#opening;
  }

  async #connect(most: number): Promise<OpenPool> {
    const { origin, basePath, tls } = await this.#server.reach();
    if (tls?.key !== undefined && !this.#used.includes(tls.key)) this.#used = [...this.#used, tls.key];
    const { default: UndiciPool } = await import('undici/lib/dispatcher/pool.js');
    const pool = new UndiciPool(origin, {
      connections: most,
      pipelining: 1,
      connect: {
        timeout: connectMs,
        ...(tls === undefined ? {} : { ca: tls.ca }),
        ...(tls?.cert === undefined ? {} : { cert: tls.cert, key: tls.key }),
        ...(tls?.servername === undefined ? {} : { servername: tls.servername }),
      },
      // the deadline of the whole call stands in Answer
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 60_000,
    });
    if (this.#closed) await pool.destroy();
    return { pool, basePath };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#open?.pool.destroy();
    await this.#streams?.then(
      ({ pool }) => pool.destroy(),
      () => undefined,
    );
  }

  async #headersFor(request: ApiRequest, tier: Tier, context: RequestContext): Promise<string[]> {
    const found = tier.credentials.authorization(context);
    const authorization = typeof found === 'object' ? await found : found;
    const headers = ['accept', request.accept, 'audit-id', await context.nextAuditId()];
    if (authorization !== undefined) {
      headers.push('authorization', authorization);
      if (authorization !== this.#lastUsed) this.#use(authorization);
    }
    if (tier.user !== undefined) headers.push(...extraHeaders(tier, context));
    return headers;
  }

  /** What it speaks with, and spoke with last, without the scheme; the same array while nothing changed. */
  get credentialsInUse(): readonly string[] {
    return this.#used;
  }

  #use(authorization: string): void {
    this.#lastUsed = authorization;
    const token = authorization.replace(/^Bearer /, '');
    if (!this.#used.includes(token)) this.#used = [...this.#used.slice(1 - mostUsed), token];
  }
}
