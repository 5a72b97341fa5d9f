import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { HttpRoute } from '../../domain/http-route.ts';
import { authenticate, metadataPath, pathOf } from './authenticate.ts';
import { BodyTooLarge, readBody } from './body.ts';
import { type Endpoint, type HttpContext, refusal, refuse } from './context.ts';
import { createMcpEndpoint } from './endpoint.ts';
import { type GuardOptions, refusalOf } from './guard.ts';
import { createLegacySse } from './legacy-sse.ts';
import type { IsOperator } from './operators.ts';
import { createShare } from './share.ts';
import { createStrangers, type Strangers } from './strangers.ts';

export interface ListenerOptions {
  readonly context: HttpContext;
  readonly guard: GuardOptions;
  readonly routes: readonly HttpRoute[];
  /** Whether there is an issuer that a client could get a token from. */
  readonly protected: boolean;
  readonly sse: boolean;
  readonly connections: number;
  /** All connections come from the proxy then, and say nothing about who is behind them. */
  readonly behindProxy: boolean;
  readonly isOperator: IsOperator;
  /** PEM; undefined: plain HTTP. */
  readonly tls: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
}

export interface Listener {
  readonly server: Server;
  /** Begins to accept; the port that it got. @throws what `listen` throws, such as EADDRINUSE */
  listen(host: string, port: number): Promise<number>;
  renewTls(tls: { readonly cert: Buffer; readonly key: Buffer }): void;
  /** Stops accepting, lets every request end with an answer, then closes what is left. Waits at most `grace` milliseconds. */
  close(grace: number): Promise<void>;
}

/** A whole request must have come within this: a client that sends a byte now and then holds a socket, not the server. */
const headersWithin = 10_000;
const requestWithin = 30_000;
const idle = 65_000;

export function createListener(options: ListenerOptions): Listener {
  const { context, tls } = options;
  const strangers = createStrangers(strangersOf(options));
  const handler = createHandler(options, strangers);
  const limits = {
    headersTimeout: headersWithin,
    requestTimeout: requestWithin,
    keepAliveTimeout: idle,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 32 * 1024,
    requireHostHeader: false,
  };
  const secure = tls === undefined ? undefined : createHttps({ ...limits, ...tls, minVersion: 'TLSv1.2' }, handler);
  const server: Server = secure ?? createHttp(limits, handler);
  server.maxConnections = options.connections;
  server.maxHeadersCount = 100;
  server.prependListener('connection', (socket: Socket) => {
    if (!strangers.admit(socket)) context.metrics.count('refused_requests', { reason: 'too_many_strangers' });
  });
  return {
    server,
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port, backlog: 511 }, () => {
          server.off('error', reject);
          // Such as no file descriptor for one more connection: those that are there go on.
          server.on('error', ({ message }) => context.log.error('The listener reports', { cause: message }));
          resolve((server.address() as AddressInfo).port);
        });
      }),
    renewTls: (renewed) => secure?.setSecureContext({ ...renewed, minVersion: 'TLSv1.2' }),
    close: (grace) => closeGracefully(server, context, grace),
  };
}

/** Of one address, without a good token: a quarter of all, so that others get in. */
const strangersOf = ({ connections, behindProxy }: ListenerOptions): number =>
  behindProxy ? Number.POSITIVE_INFINITY : Math.max(32, Math.ceil(connections / 4));

/** Checks what holds for all, finds who answers, and never lets an error out. */
function createHandler(options: ListenerOptions, strangers: Strangers) {
  const { context, guard } = options;
  const endpoints = endpointsOf(options);
  const open = openPaths(options);
  // What is left is for everybody else.
  const share = createShare(Math.ceil(options.connections / 2));
  return (request: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => response.destroy());
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('cache-control', 'no-store');
    const refused = refusalOf(request, guard);
    if (refused !== undefined) {
      request.resume();
      context.metrics.count('refused_requests', { reason: refused.reason });
      refuse(response, refused.status, refusal(refused.message));
      return;
    }
    const path = pathOf(request);
    const free = open.get(`${request.method} ${path}`);
    const endpoint = endpoints.get(path);
    if (free !== undefined) void settled(context, request, response, () => free(request, response));
    else if (endpoint !== undefined) {
      void settled(context, request, response, async () => {
        const caller = await authenticate(context, request, response);
        if (caller === undefined) return;
        strangers.known(request.socket);
        if (share(caller.principal, response)) return endpoint(request, response, caller);
        request.resume();
        context.metrics.count('refused_requests', { reason: 'too_many_open' });
        refuse(response, 429, refusal('Too many requests and streams of yours are open: close some'));
      });
    } else {
      request.resume();
      refuse(response, 404, refusal('There is nothing at this path; MCP is at /mcp'));
    }
  };
}

async function settled(
  context: HttpContext,
  request: IncomingMessage,
  response: ServerResponse,
  answer: () => Promise<void>,
): Promise<void> {
  try {
    await answer();
  } catch (thrown) {
    if (request.destroyed && !request.complete) return;
    context.log.error('A request failed in a way that it must not', { path: pathOf(request), cause: String(thrown) });
    refuse(response, 500, refusal('Internal error; the operational log has the cause'));
    response.end();
  }
}

function endpointsOf({ context, sse }: ListenerOptions): ReadonlyMap<string, Endpoint> {
  const endpoints = new Map<string, Endpoint>([['/mcp', createMcpEndpoint(context)]]);
  if (!sse) return endpoints;
  const legacy = createLegacySse(context);
  return endpoints.set('/sse', onlyMethod('GET', legacy.listen)).set('/messages', onlyMethod('POST', legacy.message));
}

const onlyMethod =
  (method: string, endpoint: Endpoint): Endpoint =>
  async (request, response, caller) => {
    if (request.method === method) return endpoint(request, response, caller);
    request.resume();
    refuse(response, 405, refusal(method), { allow: method });
  };

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Paths that need no token of ours: each route checks by itself who is asking. */
function openPaths(options: ListenerOptions): ReadonlyMap<string, Handler> {
  const { context, routes, isOperator, protected: isProtected } = options;
  const open = new Map<string, Handler>(
    routes.map((route) => [
      `${route.method} ${route.path}`,
      async (request, response) => {
        if (route.operatorsOnly !== true || isOperator(request)) return routed(route, request, response);
        request.resume();
        context.metrics.count('refused_requests', { reason: 'operators_only' });
        refuse(response, 403, refusal('This is for operators: ask from the machine itself, or set http.metricsToken'));
      },
    ]),
  );
  const metadata: Handler = async (request, response) => {
    request.resume();
    const body = JSON.stringify(context.authenticator.metadata(`${context.origin()}/mcp`));
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=3600' }).end(body);
  };
  if (isProtected) open.set(`GET ${metadataPath}`, metadata).set(`GET ${metadataPath}/mcp`, metadata);
  return open;
}

async function routed(route: HttpRoute, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = await readBody(request, route.maxBytes);
    await route.handle(request, body, response);
  } catch (thrown) {
    if (!(thrown instanceof BodyTooLarge)) throw thrown;
    refuse(response, 413, refusal(`More than ${route.maxBytes} bytes`), { connection: 'close' });
  }
}

async function closeGracefully(server: Server, context: HttpContext, grace: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const timer = setTimeout(() => server.closeAllConnections(), grace);
  context.inFlight.closeAll();
  await Promise.race([context.inFlight.empty, closed]);
  context.streams.closeAll();
  await context.table.closeAll();
  server.closeIdleConnections();
  await closed;
  clearTimeout(timer);
}
