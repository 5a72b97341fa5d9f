import { readConnections } from '../approval/slack/connections.ts';
import { contextsOf } from '../compose/contexts.ts';
import { createRandom } from '../compose/random.ts';
import type { Composition } from '../composition.ts';
import { type LoadedConfig, loadConfig, stateRoot } from '../config.ts';
import { withContexts } from '../domain/contexts.ts';
import type { Log } from '../domain/environment.ts';
import { CountersignError, invalid, toCountersignError } from '../domain/errors.ts';
import type { Authenticator } from '../domain/identity.ts';
import type { Principal } from '../domain/principal.ts';
import { localPrincipal } from '../identity/local.ts';
import { maskByForm } from '../masking/by-form.ts';
import { version } from '../package.ts';
import { type HttpServer, isLoopback, serveHttp } from '../transport/http/serve-http.ts';
import { readTls, type Tls } from '../transport/http/tls-files.ts';
import { createToolService } from '../transport/http/tool-service.ts';
import { waitBudgets } from '../transport/wait-budget.ts';
import { waitTable } from './backend.ts';
import { crashText } from './crash.ts';
import type { ExitCode, Io } from './io.ts';
import type { OperatorLog } from './log.ts';
import { maskOperators } from './operators.ts';
import { policyText } from './policy/text.ts';
import { readinessParts } from './readiness.ts';

export interface ServeHttpOptions {
  readonly config?: string;
  readonly sandbox?: boolean;
  /** `host:port`. */
  readonly http: string;
}

/** Milliseconds that open requests have to end with an answer. */
const grace = 5_000;

/** MCP over HTTP until a signal comes. What is badly configured is said at once, with exit code 2: nobody would see it later. */
export async function serveOverHttp(options: ServeHttpOptions, io: Io, log: OperatorLog): Promise<ExitCode> {
  let started: Started;
  try {
    started = await start(options, io, log);
  } catch (thrown) {
    const error = toCountersignError(thrown);
    const cause = error.code === 'Internal' ? [crashText(error.cause, maskByForm)] : [];
    const hint = error.hint === undefined ? [] : [`Next: ${error.hint}`];
    for (const text of [`countersign: ${error.message}`, ...error.lines, ...cause, ...hint])
      io.stderr.write(`${text}\n`);
    return 2;
  }
  const { server, composition } = started;
  log.info('Serving MCP over HTTP', { url: `${server.origin}/mcp`, port: server.port });
  await new Promise<void>((resolve) => {
    if (io.signal.aborted) resolve();
    io.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  log.info('Stopping: open requests get their answers; approvals stay as they are');
  await server.close(grace);
  await composition.close();
  return 0;
}

interface Started {
  readonly server: HttpServer;
  readonly composition: Composition;
}

async function start(options: ServeHttpOptions, io: Io, log: OperatorLog): Promise<Started> {
  const { host, port } = addressOf(options.http);
  const sandbox = options.sandbox === true;
  const loaded = await loadConfig(options.config, io.env);
  const tls = await checkedTls(loaded, host);
  mustHaveCallers(loaded, sandbox, host);
  const [{ compose }, { createPrometheusMetrics }] = await Promise.all([
    import('../compose.ts'),
    import('../metrics/prometheus.ts'),
  ]);
  const metrics = createPrometheusMetrics();
  const composition = await compose(loaded.config, {
    ...{ sandbox, serves: true, remote: true, env: io.env, log, metrics },
  });
  maskOperators(composition.masker, log, io);
  try {
    mustHaveCluster(loaded, sandbox);
    mustHavePolicy(composition);
    const server = await listen({ loaded, composition, host, port, tls, metrics, sandbox, env: io.env, log });
    return { server, composition };
  } catch (thrown) {
    await composition.close();
    throw thrown;
  }
}

interface Listening extends LoadedHttp {
  readonly host: string;
  readonly port: number;
  readonly tls: Tls | undefined;
  readonly metrics: ReturnType<typeof import('../metrics/prometheus.ts').createPrometheusMetrics>;
  readonly sandbox: boolean;
  readonly env: Io['env'];
  readonly log: Log;
}

interface LoadedHttp {
  readonly loaded: LoadedConfig;
  readonly composition: Composition;
}

const clock = { now: () => Date.now() };

async function listen(options: Listening): Promise<HttpServer> {
  const { loaded, composition, host, port, tls, metrics, log } = options;
  const { config } = loaded;
  const { identity } = composition;
  const random = createRandom();
  const service = createToolService({
    ...{ version, clock, random, log },
    invoke: composition.invoke,
    settings: await settingsOf(loaded, options.sandbox),
    policy: (principal) => policyText(composition.policy.bundle(), principal),
  });
  metrics.gauge('approvals_open', async () => (await composition.approvals.list({ open: true })).length);
  if (config.approvals.slack !== undefined)
    metrics.gauge('slack_connections', async () => (await readConnections(stateRoot(config, options.env))) ?? 0);
  warn(options);
  return serveHttp({
    ...{ service, metrics, clock, random, log, host, port, tls },
    authenticator: identity.authenticator ?? anybodyHere(composition),
    sessions: identity.sessions,
    suspensions: identity.suspensions,
    config: config.http,
    resourceOrigin: config.identity.resource === undefined ? undefined : new URL(config.identity.resource).origin,
    protected: identity.authenticator !== undefined,
    routes: [metrics.route, ...composition.routes],
    parts: readinessParts(composition),
    // Above the gate's own limit, whose answer says more.
    maxBytes: config.limits.inputBytes + 256 * 1024,
    beat: everySecond,
    tick: service.tasks.tick,
    closing: service.tasks.closeAll,
  });
}

function everySecond(tick: () => void): () => void {
  const timer = setInterval(tick, 1_000);
  timer.unref();
  return () => clearInterval(timer);
}

async function settingsOf(loaded: LoadedConfig, sandbox: boolean) {
  const waits = waitTable(loaded);
  const { tools } = await import('../../tools/index.ts');
  return {
    tools: withContexts(tools, contextsOf(loaded.config, sandbox)),
    prefix: loaded.config.tools.prefix,
    waitBudget: waitBudgets(waits),
  };
}

/** `127.0.0.1:8700`, `[::1]:8700`, or a port on loopback. */
function addressOf(text: string): { readonly host: string; readonly port: number } {
  const [, host = '127.0.0.1', port = ''] = /^(?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535)
    throw invalid(`--http ${JSON.stringify(text)} is not an address`, 'give host:port, such as 127.0.0.1:8700');
  return { host, port: Number(port) };
}

/** Tokens are readable on the way without TLS: beyond this machine there is none without it. */
async function checkedTls({ config }: LoadedConfig, host: string): Promise<Tls | undefined> {
  if (config.http.tls !== undefined) return readTls(config.http.tls);
  if (isLoopback(host) || config.http.behindProxy) return undefined;
  throw invalid(
    `${host} is not loopback, and tokens would be sent in the clear`,
    'set http.tls.cert and http.tls.key, or http.behindProxy: true if a proxy in front ends TLS and nothing else reaches this port',
  );
}

function mustHaveCallers({ config }: LoadedConfig, sandbox: boolean, host: string): void {
  if (config.identity.issuers.length > 0) return;
  const hint = 'set identity.resource and identity.issuers (docs/identity.md); to try it out, add --sandbox';
  if (!sandbox) throw invalid('Over HTTP anybody could call: no issuer of tokens is configured', hint);
  if (!isLoopback(host)) throw invalid('The sandbox without an issuer is served on loopback only', hint);
}

function mustHaveCluster({ config }: LoadedConfig, sandbox: boolean): void {
  if (!sandbox && Object.keys(config.clusters).length === 0)
    throw invalid('No cluster is configured', 'set clusters (countersign init), or add --sandbox');
}

function mustHavePolicy({ policy }: Composition): void {
  const fault = policy.fault();
  if (fault !== undefined)
    throw new CountersignError('Invalid', `The policy cannot be used: ${fault}`, {
      hint: 'correct it: `countersign policy lint` says where',
    });
}

/** In the sandbox everybody on this machine is the user of this process, as over stdio, and nobody has proven it. */
function anybodyHere(composition: Composition): Authenticator {
  let known: Principal | undefined;
  return {
    authenticate: async () => {
      known ??= localPrincipal(composition.localUser(), composition.people);
      return { principal: known, scopes: [], expiresAt: Number.POSITIVE_INFINITY, recheck: async () => {} };
    },
    scopeFor: () => undefined,
    metadata: (resource) => ({ resource }),
  };
}

function warn({ composition, host, loaded, log, tls }: Listening): void {
  if (composition.identity.authenticator === undefined)
    log.warn('SANDBOX WITHOUT TOKENS: every process on this machine may call, as an unverified local user');
  if (!isLoopback(host) && tls === undefined)
    log.warn('NO TLS HERE: http.behindProxy says that a proxy ends it and that nothing else reaches this port', {
      host,
    });
  if (loaded.config.http.publicUrl === undefined && loaded.config.http.behindProxy)
    log.warn('http.publicUrl is not set: clients are told the address of identity.resource, or of this listener');
}
