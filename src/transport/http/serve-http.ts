import type { Clock, Log, Random } from '../../domain/environment.ts';
import type { HttpRoute } from '../../domain/http-route.ts';
import type { Authenticator, Sessions, Suspensions } from '../../domain/identity.ts';
import type { Metrics } from '../../domain/metrics.ts';
import type { HttpConfig } from './config.ts';
import type { HttpContext } from './context.ts';
import { createEventStore } from './event-store.ts';
import { loopbackHosts } from './guard.ts';
import { healthRoutes, type Part } from './health.ts';
import { createInFlight } from './in-flight.ts';
import { createListener } from './listener.ts';
import { operatorsOf } from './operators.ts';
import type { McpService } from './service.ts';
import { createSessionTable } from './session-table.ts';
import { createTlsReload, type Tls } from './tls-files.ts';

export interface HttpServerOptions {
  readonly service: McpService;
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly suspensions: Suspensions;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly config: HttpConfig;
  readonly tls: Tls | undefined;
  /** `https://host[:port]` of `identity.resource`; `http.publicUrl` stands before it. */
  readonly resourceOrigin: string | undefined;
  /** Whether callers bring tokens of an issuer. */
  readonly protected: boolean;
  readonly routes: readonly HttpRoute[];
  /** What must work for calls to go through. */
  readonly parts: readonly Part[];
  readonly maxBytes: number;
  /** Calls back once a second. Returns how to stop. */
  readonly beat: (tick: () => void) => () => void;
  /** What else goes by that beat, such as tasks. */
  readonly tick?: (now: number) => void;
  /** The server closes: waits that hang on no request detach too. */
  readonly closing?: () => void;
}

export interface HttpServer {
  readonly port: number;
  /** `http(s)://host:port` as clients are told. */
  readonly origin: string;
  /** Lets everything end with an answer, then closes; waits at most `grace` milliseconds. */
  close(grace: number): Promise<void>;
}

/** MCP over HTTP, all revisions, and the routes beside it, on one listener. @throws what listening throws */
export async function serveHttp(options: HttpServerOptions): Promise<HttpServer> {
  const { config, clock, host, tls, log } = options;
  let origin = '';
  let stopping = false;
  const context = contextOf(options, () => origin);
  const isOperator = operatorsOf(config);
  const listener = createListener({
    ...{ context, tls, isOperator },
    guard: { hosts: namesOf(options), origins: config.origins },
    routes: [...healthRoutes(options.parts, () => stopping, isOperator), ...options.routes],
    protected: options.protected,
    sse: config.sse,
    connections: config.connections,
    behindProxy: config.behindProxy,
  });
  const port = await listener.listen(host.replace(/^\[|\]$/g, ''), options.port);
  origin = publicOrigin(options) ?? `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  options.metrics.gauge('sessions_open', () => context.table.size);
  options.metrics.gauge('calls_in_flight', () => context.inFlight.size);
  const reload =
    tls === undefined || config.tls === undefined
      ? undefined
      : createTlsReload(config.tls, tls, listener.renewTls, log);
  const stop = options.beat(() => {
    const now = clock.now();
    context.inFlight.tick(now);
    context.streams.tick(now);
    options.tick?.(now);
    void reload?.();
  });
  return {
    port,
    origin,
    close: async (grace) => {
      stopping = true;
      options.closing?.();
      await listener.close(grace);
      stop();
    },
  };
}

function contextOf(options: HttpServerOptions, origin: () => string): HttpContext {
  const { service, authenticator, suspensions, metrics, clock, random, log, maxBytes } = options;
  const store = createEventStore(random);
  return {
    ...{ service, authenticator, suspensions, metrics, clock, random, log, maxBytes, origin, store },
    table: createSessionTable(options.sessions, store),
    inFlight: createInFlight(),
    streams: createInFlight(),
    sessions: options.config.sessions,
  };
}

const publicOrigin = ({ config, resourceOrigin }: HttpServerOptions): string | undefined =>
  config.publicUrl ?? resourceOrigin;

/** Names that lead here: what the operator says, what clients are told, and on loopback the names of loopback. */
function namesOf(options: HttpServerOptions): readonly string[] {
  const told = publicOrigin(options);
  const own = told === undefined ? [] : [new URL(told).hostname];
  return [...options.config.hosts, ...own, ...(isLoopback(options.host) ? loopbackHosts : [])];
}

export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/.test(host);
