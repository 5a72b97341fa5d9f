import { join } from 'node:path';
import { Client as ClientV2, StreamableHTTPClientTransport as StreamableV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Approval } from '../../src/domain/approval.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { readAudit } from '../support/control-plane/kube.ts';
import { controlPlane } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { statusOf } from '../support/http-agent.ts';
import { type HttpCluster, program, startHttpCluster } from '../support/http-cluster.ts';

/** Everybody reads; the service account, and people of `deployers`, change what two of sre countersign. */
const changes = ['create', 'patch', 'delete'];
const require = { slots: [{ group: 'sre', count: 2 }], decideWithin: '15m', useWithin: '15m' };
const waits = (name: string, principal: JsonObject): JsonObject => ({
  name,
  description: 'A change waits for two people of the group sre.',
  match: { verbs: changes, principal },
  effect: 'review',
  require,
});
const rules: JsonObject[] = [
  { name: 'reads', description: 'Objects may be read.', match: { verbs: ['get', 'list'] }, effect: 'allow' },
  waits('deployers-wait', { groups: ['deployers'] }),
  waits('workloads-wait', { agents: ['system:serviceaccount:*'] }),
];

type AnyClient = Pick<Client, 'callTool' | 'listTools' | 'close'> | Pick<ClientV2, 'callTool' | 'listTools' | 'close'>;
const clients: AnyClient[] = [];
const named = { name: 'claude-code', version: '1' };

let cluster: HttpCluster;
beforeAll(async () => {
  cluster = await startHttpCluster(rules);
}, 120_000);
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

async function direct(token: string): Promise<Client> {
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const client = new Client(named);
  clients.push(client);
  await client.connect(new StreamableHTTPClientTransport(new URL(cluster.url), { requestInit }));
  return client;
}

async function directV2(token: string): Promise<ClientV2> {
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const client = new ClientV2(named, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  clients.push(client);
  await client.connect(new StreamableV2(new URL(cluster.url), { requestInit }));
  return client;
}

const bridge = async (token: string) => ({
  command: process.execPath,
  args: [program, 'connect', cluster.url, '--token-file', await cluster.tokenFile('agent-token', token)],
  env: { PATH: process.env.PATH ?? '', HOME: cluster.folder, COUNTERSIGN_STATE: join(cluster.folder, 'agent') },
});

async function connected(token: string): Promise<Client> {
  const client = new Client(named);
  clients.push(client);
  await client.connect(new StdioClientTransport({ ...(await bridge(token)), stderr: 'ignore' }));
  return client;
}

async function connectedV2(token: string, mode: 'legacy' | '2026-07-28'): Promise<ClientV2> {
  const versionNegotiation = mode === 'legacy' ? { mode } : { mode: { pin: mode } };
  const client = new ClientV2(named, { versionNegotiation });
  clients.push(client);
  await client.connect(new StdioV2({ ...(await bridge(token)), stderr: 'ignore' }));
  return client;
}

const settings = (name: string): JsonObject => ({
  name: 'apply',
  arguments: {
    manifest: stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { mode: 'quiet' } }),
    reason: 'end to end over HTTP',
  },
});
const get = { name: 'get', arguments: { resource: 'configmaps' } };
const live = (name: string) => cluster.kube.get(`/api/v1/namespaces/${cluster.namespace}/configmaps/${name}`);
const call = (client: AnyClient, params: JsonObject) => client.callTool(params as { name: string });

/** The approval of a call that is held; fails at once with the answer of one that is not. */
async function heldBy(answer: Promise<unknown>): Promise<Approval> {
  const first = await Promise.race([cluster.held(), answer.then((result) => ({ result }))]);
  if ('result' in first) throw new Error(`it was not held: ${JSON.stringify(first.result)}`);
  return first;
}

const ways: Readonly<Record<string, (token: string) => Promise<AnyClient>>> = {
  'Streamable HTTP, v1 SDK': direct,
  'Streamable HTTP, v2 SDK, 2026-07-28': directV2,
  'connect, v1 SDK': connected,
  'connect, v2 SDK, 2025-11-25': (token) => connectedV2(token, 'legacy'),
  'connect, v2 SDK, 2026-07-28': (token) => connectedV2(token, '2026-07-28'),
};

describe.each(Object.entries(ways))('a service account, over %s', (way, connect) => {
  it('has its apply held, two people approve, and the log of the API server names all of them', async () => {
    const client = await connect(await cluster.workloadToken());
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('apply');
    expect(statusOf(await call(client, get))).toBe('ok');
    const name = way.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    const answer = call(client, settings(name));
    const asked = await heldBy(answer);
    expect(asked.principal).toMatchObject({ person: 'li@example.com', verified: true });
    await cluster.approve(asked.id, 'ana@example.com');
    expect(await live(name)).toBeUndefined();
    await cluster.approve(asked.id, 'bo@example.com');
    expect(statusOf(await answer)).toBe('executed');
    expect((await live(name))?.data).toEqual({ mode: 'quiet' });
    const written = await waitUntil('the API server has logged it', () => writeOf(name));
    expect(written.impersonatedUser?.username).toBe(cluster.writer);
    const extra = JSON.stringify(written.impersonatedUser?.extra);
    for (const part of [`system:serviceaccount:${cluster.namespace}:deployer`, 'li@example.com', asked.id])
      expect(extra).toContain(part);
  });
});

async function writeOf(name: string) {
  const path = controlPlane().auditLogPath;
  if (path === undefined) throw new Error("This needs the API server's own audit log");
  const lines = await readAudit(path);
  return lines.find(
    ({ verb, objectRef, requestURI }) =>
      verb === 'patch' &&
      objectRef?.namespace === cluster.namespace &&
      objectRef.name === name &&
      !requestURI.includes('dryRun'),
  );
}

it('two agents of one person get different outcomes by their groups', async () => {
  const may = await direct(await cluster.oidc.token({ person: 'li', client: 'agent', groups: ['deployers'] }));
  const mayNot = await connected(await cluster.oidc.token({ person: 'li', client: 'robot', groups: ['readers'] }));
  expect(statusOf(await call(mayNot, get))).toBe('ok');
  expect(statusOf(await call(mayNot, settings('not-theirs')))).toBe('denied');
  const answer = call(may, settings('theirs'));
  const { id } = await heldBy(answer);
  for (const by of ['ana@example.com', 'bo@example.com']) await cluster.approve(id, by);
  expect(statusOf(await answer)).toBe('executed');
  expect(await live('not-theirs')).toBeUndefined();
});

/** An agent that waits through connect; what the operator does then, and what the agent is told. */
async function endedBy(name: string, ...command: readonly string[]) {
  const token = await cluster.oidc.token({ person: 'li', client: 'agent', groups: ['deployers'] });
  const client = await connected(token);
  const answer = call(client, settings(name));
  const told = answer.then((result) => ({ result, at: Date.now() }));
  const { id } = await heldBy(answer);
  await cluster.operator(...command);
  const since = Date.now();
  const { result, at } = await told;
  expect(statusOf(result)).toBe('unauthorized');
  // From the end of the command on; a second is promised, and the machine of the tests is busy.
  expect(at - since).toBeLessThan(3_000);
  return { client, id };
}

it('an agent whose session is revoked while it waits is told, and what is approved then does not run', async () => {
  const { client, id } = await endedBy('late-revoked', 'sessions', 'revoke', 'agent');
  for (const by of ['ana@example.com', 'bo@example.com']) await cluster.approve(id, by);
  expect(await live('late-revoked')).toBeUndefined();
  // The token is still good: the bridge begins another session, and the agent may take back what it asked.
  expect(statusOf(await call(client, { name: 'approval', arguments: { id, action: 'withdraw' } }))).toBe('ok');
  expect((await cluster.office.approvals.read(id)).state).toBe('withdrawn');
});

it('an agent that is suspended while it waits is told, and nobody can approve or claim what it asked', async () => {
  const { client, id } = await endedBy('late-suspended', 'principals', 'suspend', 'agent', '--reason', 'end to end');
  expect((await cluster.office.approvals.read(id)).state).toBe('withdrawn');
  await expect(cluster.approve(id, 'ana@example.com')).rejects.toThrow(/too late/);
  expect(statusOf(await call(client, { name: 'approval', arguments: { id } }))).toBe('unauthorized');
  await cluster.operator('principals', 'resume', 'agent');
  expect(statusOf(await call(client, get))).toBe('ok');
  expect(await live('late-suspended')).toBeUndefined();
});
