/** Two servers on one state directory, each a process of its own; an operator in a third one ends what both of them hold. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSessionFiles } from '../../src/identity/session-files.ts';
import { sessionName } from '../../src/identity/sessions.ts';
import { type HttpAgents, startHttpAgents } from '../support/http-agent.ts';
import { post, rpc } from '../support/http-messages.ts';
import { until } from '../support/http-rig.ts';
import { withinASecond } from '../support/within.ts';

const rules = `rules:
  - { name: reads, description: Reads flow here., match: { verbs: [get, list] }, effect: allow }
  - { name: held, description: Changes wait here., match: { tools: [scale] }, effect: review, require: { people: 1 } }
  - { name: programs, description: Programs run here., match: { tools: [exec] }, effect: allow }
`;
const get = { name: 'get', arguments: { resource: 'pods', namespace: 'shop' } };
let policy: string;
let agents: HttpAgents;
let servers: readonly [string, string];
beforeAll(async () => {
  policy = await mkdtemp(join(tmpdir(), 'cs-policy-'));
  await writeFile(join(policy, 'rules.yaml'), rules);
  agents = await startHttpAgents({ policy: { folder: policy } });
  servers = [agents.url, await agents.another()];
});
afterAll(async () => {
  await agents.close();
  await rm(policy, { recursive: true, force: true });
});

interface Seat {
  readonly session: string;
  /** What a call is answered that a person has to countersign. */
  readonly answer: Promise<string>;
  /** Resolves when a stream that listens has ended. */
  readonly stream: Promise<string>;
  get(): Promise<Response>;
}

const open = async (): Promise<number> => (await agents.office.approvals.list({ open: true })).length;

/** The agent in a session of its own at one of the servers: a call of it is held, and a stream of it listens. */
async function sit(at: string, token: string, replicas: number): Promise<Seat> {
  const authorization = `Bearer ${token}`;
  const clientInfo = { name: 'claude-code', version: '1' };
  const hello = await post(at, rpc('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }), {
    authorization,
  });
  const session = hello.headers.get('mcp-session-id') ?? '';
  const headers = { authorization, 'mcp-session-id': session };
  const listening = await fetch(`${at}/mcp`, { headers: { ...headers, accept: 'text/event-stream' } });
  expect(listening.status).toBe(200);
  const before = await open();
  const input = { resource: 'deploy', name: 'web', namespace: 'shop', replicas, reason: 'A sale.' };
  const answer = post(at, rpc('tools/call', { name: 'scale', arguments: input }), headers).then((each) => each.text());
  await until(async () => (await open()) > before);
  return { session, answer, stream: listening.text(), get: () => post(at, rpc('tools/call', get, 2), headers) };
}

it('a session that is revoked ends at its server within a second, and the other one of the agent goes on', async () => {
  const token = await agents.token({ person: 'li', client: 'agent' });
  const [here, there] = [await sit(servers[0], token, 6), await sit(servers[1], token, 7)];
  const files = await openSessionFiles(agents.office.state);
  await files.revoke(sessionName(there.session));
  expect(await withinASecond(there.answer)).toContain('"status":"unauthorized"');
  await withinASecond(there.stream);
  expect((await there.get()).status).toBe(404);
  expect(await (await here.get()).text()).toContain('"status":"ok"');
  expect(await open(), 'the agent may come back for what is held').toBe(2);
  await files.revoke(sessionName(here.session));
  expect(await withinASecond(here.answer)).toContain('"status":"unauthorized"');
  await withinASecond(here.stream);
});

it('a principal that is suspended is told so at both servers within a second, and nothing of it stays open', async () => {
  const token = await agents.token({ person: 'li', client: 'robot' });
  const before = await open();
  const seats = [await sit(servers[0], token, 8), await sit(servers[1], token, 9)];
  const suspended = { name: 'robot', reason: 'test', by: 'ana@example.com', at: Date.now() };
  await agents.office.identity.suspensions.suspend(suspended);
  const ended = Promise.all(seats.flatMap(({ answer, stream }) => [answer, stream]));
  const told = await withinASecond(ended);
  // The server that hears of it first withdraws what is held; the other one may hear of that before it hears why.
  for (const index of [0, 2]) expect(told[index]).toMatch(/"status":"(unauthorized|withdrawn)"/);
  await withinASecond(until(async () => (await open()) === before));
  for (const seat of seats) expect((await seat.get()).status).toBe(403);
});

it('programs that run at both servers are ended within a second when their principal is suspended', async () => {
  const authorization = `Bearer ${await agents.token({ person: 'li', client: 'agent' })}`;
  const run = async (at: string): Promise<string> => {
    const clientInfo = { name: 'claude-code', version: '1' };
    const hello = await post(at, rpc('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }), {
      authorization,
    });
    const headers = { authorization, 'mcp-session-id': hello.headers.get('mcp-session-id') ?? '' };
    const names = { name: 'get', arguments: { resource: 'pods', namespace: 'shop', output: 'name' } };
    const pods = await (await post(at, rpc('tools/call', names, 2), headers)).text();
    const input = {
      pod: /web-[a-z0-9-]+/.exec(pods)?.[0] ?? '',
      namespace: 'shop',
      command: ['sleep', '60'],
      timeout: 60,
    };
    const call = rpc('tools/call', { name: 'exec', arguments: { ...input, reason: 'A look.' } }, 3);
    return (await post(at, call, headers)).text();
  };
  const running = Promise.all(servers.map(run));
  const recordings = join(agents.state, 'recordings');
  await until(async () => (await readdir(recordings, { recursive: true }).catch(() => [])).length >= 2);
  await agents.office.identity.suspensions.suspend({
    name: 'agent',
    reason: 'test',
    by: 'ana@example.com',
    at: Date.now(),
  });
  // Nobody knows how far it came, if it had begun.
  for (const text of await withinASecond(running)) expect(text).toMatch(/"status":"(unknown|unauthorized)"/);
});
