import { randomBytes } from 'node:crypto';
import type { Log } from '../../src/domain/environment.ts';
import type { Invocation } from '../../src/domain/invocation.ts';
import { compose, ident, say } from '../../src/domain/masked.ts';
import type { Metrics } from '../../src/domain/metrics.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { type HttpConfig, httpConfigSchema } from '../../src/transport/http/config.ts';
import { type HttpServer, type HttpServerOptions, serveHttp } from '../../src/transport/http/serve-http.ts';
import { createToolService } from '../../src/transport/http/tool-service.ts';
import { tools } from '../../tools/index.ts';
import { createTestIdentity, type TestIdentity } from './identity.ts';

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface HttpRig extends TestIdentity {
  readonly url: string;
  readonly server: HttpServer;
  /** What reached the gate. */
  readonly invocations: Invocation[];
  readonly refused: string[];
  readonly logged: string[];
  /** The server's time, milliseconds; moved by `pass`, which also beats. */
  pass(milliseconds: number): void;
  close(): Promise<void>;
}

export interface HttpRigOptions {
  readonly config?: Partial<HttpConfig>;
  readonly scopes?: Readonly<Record<string, string>>;
  /** Stands for the gate; default: answers at once with the name of the caller. */
  readonly invoke?: (invocation: Invocation) => Promise<Outcome>;
  readonly over?: Partial<HttpServerOptions>;
}

export const outcomeOf = (text: string): Outcome => ({
  status: 'ok',
  message: say`${ident(text)}`,
  next: undefined,
  data: compose({}),
  text: undefined,
});

/** The HTTP transports before a gate of the test, with callers whose token is their name, in a time of the test. */
export async function startHttpRig(options: HttpRigOptions = {}): Promise<HttpRig> {
  const identity = createTestIdentity(options.scopes);
  const invocations: Invocation[] = [];
  const refused: string[] = [];
  const logged: string[] = [];
  const answer = options.invoke ?? (async ({ principal }) => outcomeOf(`hello ${principal.agent}`));
  let now = 1_000_000;
  let tick = (): void => {};
  const clock = { now: () => now };
  const random = { bytes: (length: number) => randomBytes(length) };
  const log: Log = { ...quiet, error: (message, fields) => logged.push(`${message} ${JSON.stringify(fields)}`) };
  const metrics: Metrics = {
    count: (_name, labels) => refused.push(labels?.reason ?? ''),
    observe: () => {},
    gauge: () => {},
  };
  const service = createToolService({
    invoke: (invocation) => {
      invocations.push(invocation);
      return answer(invocation);
    },
    settings: { tools, prefix: '', waitBudget: () => 60_000 },
    policy: ({ agent }) => say`rules of ${ident(agent)}`,
    version: '1.2.3',
    clock,
    random,
    log,
  });
  const server = await serveHttp({
    ...{ service, ...identity, metrics, clock, random, log },
    host: '127.0.0.1',
    port: 0,
    config: { ...httpConfigSchema.parse({}), ...options.config },
    tls: undefined,
    resourceOrigin: undefined,
    protected: true,
    routes: [],
    parts: [],
    maxBytes: 100_000,
    beat: (beat) => {
      tick = beat;
      return () => {};
    },
    tick: service.tasks.tick,
    closing: service.tasks.closeAll,
    ...options.over,
  });
  return {
    ...identity,
    ...{ url: server.origin, server, invocations, refused, logged },
    pass: (milliseconds) => {
      now += milliseconds;
      tick();
    },
    close: () => server.close(1_000),
  };
}

/** Resolves when `done` says so; looks after each turn of the loop. */
export async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await done())) {
    if (Date.now() > end) throw new Error('it never came');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
