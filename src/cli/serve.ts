import { version } from '../package.ts';
import { serveStdio } from '../transport/serve-stdio.ts';
import { createBackend } from './backend.ts';
import type { ExitCode, Io } from './io.ts';
import { createLog } from './log.ts';
import { maskOperators } from './operators.ts';

export interface ServeOptions {
  readonly config?: string;
  readonly sandbox?: boolean;
  /** `host:port`; without it MCP is spoken over stdio. */
  readonly http?: string;
}

/** MCP over HTTP, or over stdio until the client goes. Bad configuration does not stop it: `initialize` and `tools/list` are answered, and each call says what is wrong. */
export async function serve(options: ServeOptions, io: Io): Promise<ExitCode> {
  const log = createLog(io.stderr, io.env.COUNTERSIGN_LOG);
  if (options.http !== undefined)
    return (await import('./serve-http.ts')).serveOverHttp({ ...options, http: options.http }, io, log);
  const backend = createBackend({
    config: options.config,
    sandbox: options.sandbox === true,
    env: io.env,
    log,
    loadCompose: async () => (await import('../compose.ts')).compose,
    opened: ({ masker }) => maskOperators(masker, log, io),
  });
  const server = await serveStdio({
    invoke: backend.invoke,
    settings: backend.settings,
    policy: backend.policy,
    initialized: backend.open,
    version,
    log,
    input: io.stdin,
    output: io.stdout,
  });
  io.signal.addEventListener('abort', () => void server.close(), { once: true });
  await server.closed;
  await backend.close();
  return 0;
}
