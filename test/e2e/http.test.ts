import { Client as ClientV2, StreamableHTTPClientTransport as StreamableV2 } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesBelow } from '../support/at-rest.ts';
import { type HttpAgents, startHttpAgents, statusOf } from '../support/http-agent.ts';
import { modern, post } from '../support/http-messages.ts';

let agents: HttpAgents;
beforeAll(async () => {
  agents = await startHttpAgents();
});
afterAll(() => agents.close());

const li = { person: 'li', client: 'agent' };
const scale = (replicas: number) => ({
  name: 'scale',
  arguments: { resource: 'deploy', name: 'web', namespace: 'shop', replicas, reason: 'test' },
});
const get = { name: 'get', arguments: { resource: 'pods', namespace: 'shop' } };

async function withV2(mode: 'legacy' | '2026-07-28'): Promise<ClientV2> {
  const requestInit = { headers: { authorization: `Bearer ${await agents.token(li)}` } };
  const versionNegotiation = mode === 'legacy' ? { mode } : { mode: { pin: mode } };
  const client = new ClientV2({ name: 'claude-code', version: '1' }, { versionNegotiation });
  await client.connect(new StreamableV2(new URL(`${agents.url}/mcp`), { requestInit }));
  return client;
}

async function withSse(): Promise<Client> {
  const client = new Client({ name: 'claude-code', version: '1' });
  const authorization = `Bearer ${await agents.token(li)}`;
  const fetchAs = (url: string | URL, init?: RequestInit): Promise<Response> =>
    fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), authorization } });
  const transport = new SSEClientTransport(new URL(`${agents.url}/sse`), {
    requestInit: { headers: { authorization } },
    fetch: fetchAs,
  });
  await client.connect(transport);
  return client;
}

const transports: Readonly<Record<string, () => Promise<Client | ClientV2>>> = {
  'Streamable HTTP, v1 SDK': () => agents.connect(li),
  'HTTP+SSE, v1 SDK': withSse,
  'Streamable HTTP, v2 SDK, 2025-11-25': () => withV2('legacy'),
  'Streamable HTTP, v2 SDK, 2026-07-28': () => withV2('2026-07-28'),
};

describe.each(Object.entries(transports))('over %s', (_name, connect) => {
  it('a read flows, and a change waits for a person', async () => {
    const client = await connect();
    expect(statusOf(await client.callTool(get))).toBe('ok');
    const change = client.callTool(scale(2 + Math.floor(Math.random() * 1_000)));
    const asked = await agents.held();
    expect(asked.principal).toMatchObject({ subject: 'li', agent: 'agent', person: 'li@example.com', verified: true });
    await agents.approve(asked.id, 'ana@example.com');
    expect(statusOf(await change)).toBe('executed');
    await client.close();
  });
});

it('a client that goes in the middle of a wait leaves the approval, and another of its sessions goes on', async () => {
  const first = await agents.connect(li);
  const gone = first.callTool(scale(7)).catch(() => undefined);
  const asked = await agents.held();
  await first.close();
  await gone;
  const second = await agents.connect(li);
  const goesOn = second.callTool({ name: 'approval', arguments: { id: asked.id } });
  await agents.approve(asked.id, 'ana@example.com');
  expect(statusOf(await goesOn)).toBe('executed');
  await second.close();
});

it('a task of 2026-07-28 is given to who knows them, and holds the result', async () => {
  const tasks = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
  const bearer = { authorization: `Bearer ${await agents.token(li)}` };
  const started = modern('tools/call', { ...scale(5) }, tasks);
  const created = await (await post(agents.url, started.body, { ...started.headers, ...bearer })).json();
  expect(created).toMatchObject({
    result: { resultType: 'task', status: 'working', statusMessage: expect.stringContaining('Waiting for approval') },
  });
  const { taskId } = (created as { result: { taskId: string } }).result;
  const asked = await agents.held();
  await agents.approve(asked.id, 'ana@example.com');
  const ask = modern('tasks/get', { taskId }, tasks);
  for (;;) {
    const answer = await (await post(agents.url, ask.body, { ...ask.headers, ...bearer })).json();
    if ((answer as { result: { status: string } }).result.status === 'working') continue;
    expect(answer).toMatchObject({
      result: { status: 'completed', result: { structuredContent: { status: 'executed' } } },
    });
    break;
  }
});

/** An answer without what differs from call to call. */
const alike = (result: unknown, id: string): string =>
  JSON.stringify(result)
    .replaceAll(id, 'cs-000000')
    .replaceAll(/[0-9A-HJKMNP-TV-Z]{26}/g, 'audit');

it('an approval of somebody else is one that does not exist', async () => {
  const own = await agents.connect(li);
  const waits = own.callTool(scale(9));
  const asked = await agents.held();
  const other = await agents.connect({ person: 'mallory', client: 'agent' });
  const theirs = await other.callTool({ name: 'approval', arguments: { id: asked.id, action: 'status' } });
  const none = await other.callTool({ name: 'approval', arguments: { id: 'cs-000000', action: 'status' } });
  expect(alike(theirs, asked.id)).toBe(alike(none, asked.id));
  expect(statusOf(theirs)).toBe('not_found');
  await agents.approve(asked.id, 'ana@example.com');
  expect(statusOf(await waits)).toBe('executed');
  await own.close();
  await other.close();
});

it('an agent that is suspended in the middle of a wait is told within a second, and nothing runs', async () => {
  const client = await agents.connect({ person: 'li', client: 'robot' });
  const waits = client.callTool(scale(11));
  await agents.held();
  const since = Date.now();
  await agents.office.identity.suspensions.suspend({ name: 'robot', reason: 'test', by: 'ana@example.com', at: since });
  expect(statusOf(await waits)).toBe('unauthorized');
  expect(Date.now() - since).toBeLessThan(5_000);
  await expect(agents.connect({ person: 'li', client: 'robot' })).rejects.toThrow();
  expect(statusOf(await (await agents.connect(li)).callTool(get))).toBe('ok');
});

it('metrics, health and readiness are told, and nothing of a token is anywhere', async () => {
  const text = await (await fetch(`${agents.url}/metrics`)).text();
  expect(text).toMatch(/countersign_calls_total\{tool="scale",status="executed"\} [1-9]/);
  expect(text).toMatch(/countersign_decisions_total\{verdict="review"\} [1-9]/);
  expect(text).toMatch(/countersign_wait_seconds_count [1-9]/);
  expect(await (await fetch(`${agents.url}/readyz`)).json()).toMatchObject({ ready: true });
  const texts = (await filesBelow(agents.state)).map((file) => file.text);
  for (const each of [...texts, agents.log(), text]) expect(each).not.toMatch(/eyJ[\w-]{20,}\.[\w-]{20,}/);
});

it('a server that is stopped answers who waits, and the approval stays', async () => {
  const client = await agents.connect(li);
  const waits = client.callTool(scale(13));
  const asked = await agents.held();
  expect(await agents.stop()).toBe(0);
  expect(statusOf(await waits)).toBe('approval_pending');
  expect((await agents.office.approvals.read(asked.id)).state).toBe('pending');
});
