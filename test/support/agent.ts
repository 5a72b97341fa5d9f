import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { compose } from '../../src/compose.ts';
import type { Composition } from '../../src/composition.ts';
import { loadConfig } from '../../src/config.ts';
import type { Approval, Vote } from '../../src/domain/approval.ts';
import type { Log } from '../../src/domain/environment.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { type McpClient, startClient, type ToolResult } from '../../src/transport/client.ts';
import { checkAuditLines } from './audit-lines.ts';

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const bundle = join(import.meta.dirname, '../../dist/countersign.cjs');

/** The people of the end-to-end tests. li runs the agent, and the server through sudo as the user of the tests; ana and bo are sre. */
const people = [
  { id: 'li@example.com', groups: ['dev'], osUsers: [userInfo().username, 'li'] },
  { id: 'ana@example.com', groups: ['sre'], osUsers: ['ana'] },
  { id: 'bo@example.com', groups: ['sre', 'security'], osUsers: ['bo'] },
];
/** What sudo tells a process that li started as the user of the tests. */
const throughSudo = { SUDO_USER: 'li', SUDO_UID: String(userInfo().uid + 1) };
type Voter = 'ana@example.com' | 'bo@example.com' | 'li@example.com';

export interface AgentOptions {
  /** A kubeconfig and its context; omitted: the sandbox. */
  readonly cluster?: { readonly kubeconfig: string; readonly context: string; readonly namespace?: string };
  /** More of countersign.yaml, over the defaults of this rig. */
  readonly config?: JsonObject;
  readonly env?: Readonly<Record<string, string>>;
  /** A state directory of an earlier rig, for what survives a restart. */
  readonly state?: string;
  /** What the client calls itself; budgets go by it. */
  readonly clientName?: string;
  /** A file that the server's stderr goes to. */
  readonly stderrTo?: string;
}

/**
 * An agent: a real MCP client on a spawned server (the built one), and people who vote from another process of the same
 * state directory: this one.
 */
export interface AgentRig {
  readonly state: string;
  readonly configFile: string;
  readonly client: McpClient;
  call(tool: string, input: JsonObject, onProgress?: (note: string) => void): Promise<ToolResult>;
  /** Calls and lets these people approve, one after the other, as soon as it is held. */
  approved(tool: string, input: JsonObject, by?: readonly Voter[]): Promise<ToolResult>;
  /** Calls and lets somebody deny it. */
  denied(tool: string, input: JsonObject, comment: string, by?: Voter): Promise<ToolResult>;
  /** The open approval whose state is one of these, once there is one. */
  held(...states: Approval['state'][]): Promise<Approval>;
  /** All open approvals. */
  open(): Promise<readonly Approval[]>;
  vote(id: string, by: Voter, decision: Vote['decision'], comment?: string): Promise<Approval>;
  /** All lines of all chains, parsed, by time. */
  audit(): Promise<readonly JsonObject[]>;
  /** Ends the client and its server; the state stays. */
  leave(): Promise<void>;
  /** Ends everything and removes the state. */
  close(): Promise<void>;
}

export async function startAgent(options: AgentOptions = {}): Promise<AgentRig> {
  const state = options.state ?? (await mkdtemp(join(tmpdir(), 'cs-e2e-')));
  const configFile = join(state, '..', `${state.split('/').at(-1)}.yaml`);
  await writeFile(configFile, stringify(configOf(options)), { mode: 0o600 });
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: state,
    COUNTERSIGN_STATE: state,
    COUNTERSIGN_CONFIG: configFile,
    ...throughSudo,
  };
  const sandbox = options.cluster === undefined && options.config?.clusters === undefined;
  const client = await startClient({
    name: options.clientName ?? 'claude-code',
    version: '1.0.0',
    ...serverProgram(options, ['serve', ...(sandbox ? ['--sandbox'] : [])]),
    env: { ...env, ...options.env },
    stderr: process.env.COUNTERSIGN_TEST_LOG === undefined ? 'ignore' : 'inherit',
  });
  const voters = await openVoters(configFile, env, sandbox);
  const held = (...states: Approval['state'][]) => waitForApproval(voters, states.length === 0 ? ['pending'] : states);
  const call = (tool: string, input: JsonObject, onProgress: (note: string) => void = () => {}) =>
    client.call(tool, input, onProgress);
  const vote: AgentRig['vote'] = (id, by, decision, comment) => {
    const person = voters.people.byId(by);
    if (person === undefined) throw new Error(`nobody is called ${by}`);
    return voters.approvals.vote(id, { person, decision, comment, channel: 'terminal' });
  };
  const leave = async (): Promise<void> => {
    await client.close();
    await voters.close();
  };
  return {
    state,
    configFile,
    client,
    call,
    held,
    open: () => voters.approvals.list({ open: true }),
    vote,
    approved: async (tool, input, by = ['ana@example.com']) => {
      const answer = call(tool, input);
      const asked = await Promise.race([held(), answer]);
      if (!('votes' in asked)) return asked;
      for (const person of by) await vote(asked.id, person, 'approve', 'fine');
      return answer;
    },
    denied: async (tool, input, comment, by = 'ana@example.com') => {
      const answer = call(tool, input);
      const asked = await Promise.race([held(), answer]);
      if (!('votes' in asked)) return asked;
      await vote(asked.id, by, 'deny', comment);
      return answer;
    },
    audit: () => readAuditLines(join(state, 'audit')),
    leave,
    close: async () => {
      await leave();
      checkAuditLines(join(state, 'audit'));
      await rm(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
      await rm(configFile, { force: true });
    },
  };
}

/** A client has its server's stderr or throws it away: a shell puts it where a test reads it. */
const serverProgram = ({ stderrTo }: AgentOptions, args: readonly string[]) =>
  stderrTo === undefined
    ? { command: process.execPath, args: [bundle, ...args] }
    : { command: '/bin/sh', args: ['-c', 'exec "$@" 2>>"$0"', stderrTo, process.execPath, bundle, ...args] };

function configOf({ cluster, config }: AgentOptions): JsonObject {
  return {
    ...(cluster === undefined ? {} : { clusters: { test: { ...cluster } } }),
    people,
    approvals: { local: 'sudo', askedPerHour: 1_000 },
    limits: { callsPerSecond: 1000, inFlight: 100 },
    ...config,
  };
}

/** People vote from a process of their own, as they do in real life: it shares the state directory with the server. */
async function openVoters(file: string, env: Readonly<Record<string, string>>, sandbox: boolean): Promise<Composition> {
  const { config } = await loadConfig(file, env);
  return compose(config, { sandbox, serves: false, env, log: quiet });
}

async function waitForApproval({ approvals }: Composition, states: readonly string[]): Promise<Approval> {
  const end = Date.now() + 20_000;
  while (Date.now() < end) {
    const open = await approvals.list({ open: true });
    const found = open.find(({ state }) => states.includes(state));
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error('no call was held within 20 s');
}

async function readAuditLines(folder: string): Promise<readonly JsonObject[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  const lines = texts.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as JsonObject),
  );
  return lines.sort((a, b) => String(a.time).localeCompare(String(b.time)));
}
