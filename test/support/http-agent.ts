import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { stringify } from 'yaml';
import { compose } from '../../src/compose.ts';
import type { Composition } from '../../src/composition.ts';
import { loadConfig } from '../../src/config.ts';
import type { Approval } from '../../src/domain/approval.ts';
import type { Log } from '../../src/domain/environment.ts';
import { isJsonObject, type JsonObject, stringAt } from '../../src/domain/json.ts';
import { checkAuditLines } from './audit-lines.ts';
import { listening } from './http-listening.ts';
import { type Oidc, resource, startOidc, type TokenFor } from './identity/oidc.ts';

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const program = join(import.meta.dirname, '../../dist/countersign.cjs');

export interface HttpAgents {
  readonly oidc: Oidc;
  readonly state: string;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** The same state, in this process: people vote here, and operators suspend. */
  readonly office: Composition;
  /** What the server wrote to stderr. */
  readonly log: () => string;
  token(what: TokenFor): Promise<string>;
  /** A real client in a session of its own. */
  connect(what: TokenFor): Promise<Client>;
  /** Starts one more server on the same state. Gives its URL. */
  another(): Promise<string>;
  held(): Promise<Approval>;
  approve(id: string, by: string): Promise<void>;
  /** Ends the server as an orchestrator does. Gives its exit code. */
  stop(): Promise<number>;
  close(): Promise<void>;
}

/** The built server over HTTP in front of its sandbox, a real identity provider, and people who are asked. */
export async function startHttpAgents(config: JsonObject = {}): Promise<HttpAgents> {
  const oidc = await startOidc();
  const state = await mkdtemp(join(tmpdir(), 'cs-http-'));
  const file = `${state}.yaml`;
  await writeFile(file, stringify({ ...configOf(oidc), ...config }), { mode: 0o600 });
  const env = { PATH: process.env.PATH ?? '', HOME: state, COUNTERSIGN_STATE: state, COUNTERSIGN_CONFIG: file };
  const serve = (): ChildProcess =>
    spawn(process.execPath, [program, 'serve', '--sandbox', '--http', '127.0.0.1:0'], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  const server = serve();
  const others: ChildProcess[] = [];
  const { url, log } = await listening(server);
  const { config: loaded } = await loadConfig(file, env);
  const office = await compose(loaded, { sandbox: true, serves: false, env, log: quiet });
  const end = async (ended: ChildProcess): Promise<number> => {
    if (ended.exitCode === null) {
      ended.kill('SIGTERM');
      await once(ended, 'exit');
    }
    return ended.exitCode ?? -1;
  };
  const stop = (): Promise<number> => end(server);
  return {
    ...{ oidc, state, url, office, log, stop },
    token: oidc.token,
    connect: async (what) => connected(url, await oidc.token(what)),
    another: async () => {
      const other = serve();
      others.push(other);
      return (await listening(other)).url;
    },
    held: () => firstOpen(office),
    approve: async (id, by) => {
      const person = office.people.byId(by);
      if (person === undefined) throw new Error(`nobody is called ${by}`);
      await office.approvals.vote(id, { person, decision: 'approve', comment: 'fine', channel: 'terminal' });
    },
    close: async () => {
      await stop();
      for (const other of others) await end(other);
      await office.close();
      await oidc.close();
      checkAuditLines(join(state, 'audit'));
      await rm(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
      await rm(file, { force: true });
    },
  };
}

const configOf = (oidc: Oidc): JsonObject => ({
  identity: { resource, issuers: [{ issuer: oidc.issuer, subjects: 'people' }] },
  people: [
    { id: 'li@example.com', groups: ['dev'], osUsers: [], subjects: [{ issuer: oidc.issuer, subject: 'li' }] },
    { id: 'ana@example.com', groups: ['sre'], osUsers: [userInfo().username] },
  ],
  approvals: { local: 'enabled', askedPerHour: 1_000 },
  limits: { callsPerSecond: 1_000, inFlight: 100 },
});

async function connected(url: string, token: string): Promise<Client> {
  const client = new Client({ name: 'claude-code', version: '1.0.0' });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  return client;
}

async function firstOpen({ approvals }: Composition): Promise<Approval> {
  const end = Date.now() + 20_000;
  while (Date.now() < end) {
    const [found] = await approvals.list({ open: true });
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('nothing was held');
}

/** What the model sees of an answer. */
export const statusOf = (result: unknown): string | undefined => {
  const structured = isJsonObject(result) ? result.structuredContent : undefined;
  return stringAt(structured, 'status');
};
