import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Log, Random } from '../../domain/environment.ts';
import { toCountersignError } from '../../domain/errors.ts';
import type { Authenticator, Caller, Suspensions } from '../../domain/identity.ts';
import type { Metrics } from '../../domain/metrics.ts';
import type { EventStore } from './event-store.ts';
import type { InFlight } from './in-flight.ts';
import { errorMessage, RpcError } from './rpc.ts';
import type { McpService } from './service.ts';
import type { SessionTable } from './session-table.ts';

/** What every endpoint of the listener works with. */
export interface HttpContext {
  readonly service: McpService;
  readonly authenticator: Authenticator;
  readonly suspensions: Suspensions;
  readonly table: SessionTable;
  readonly store: EventStore;
  /** Requests under way. */
  readonly inFlight: InFlight;
  /** Streams that are for no request; when the server closes they go last. */
  readonly streams: InFlight;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** `https://host[:port]`: how clients reach this server. Asked when it listens. */
  readonly origin: () => string;
  /** Whether `initialize` begins a session; without, each request stands alone. */
  readonly sessions: boolean;
  /** Bytes of one message. */
  readonly maxBytes: number;
}

/** Answers one request that passed the checks of the listener. */
export type Endpoint = (request: IncomingMessage, response: ServerResponse, caller: Caller) => Promise<void>;

/** A refusal before there is an answer: JSON-RPC in form, so that every client can show it. */
export function refuse(
  response: ServerResponse,
  status: number,
  error: RpcError,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const body = errorMessage(null, error);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

export const refusal = (message: string): RpcError => new RpcError(-32600, message);

/** A domain error that no tool result can carry, such as a session over the limit. */
export function refusedBy(thrown: unknown): RpcError {
  const error = toCountersignError(thrown);
  const status = { RateLimited: 429, Unauthorized: 403, Invalid: 400 }[error.code as string] ?? 503;
  return new RpcError(
    -32600,
    error.hint === undefined ? error.message : `${error.message}. ${error.hint}`,
    undefined,
    status,
  );
}
