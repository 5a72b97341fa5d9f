/** What an operator does in one process, and what becomes of calls and streams in another one on the same state directory. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ClientRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose } from '../../src/compose.ts';
import type { Composition } from '../../src/composition.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { Session } from '../../src/domain/identity.ts';
import { open } from '../../src/domain/masked.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { standingOf } from '../../src/domain/standing.ts';
import { openSessionFiles } from '../../src/identity/session-files.ts';
import { sessionName } from '../../src/identity/sessions.ts';
import { systemClock } from '../../src/system.ts';
import { post, rpc } from '../support/http-messages.ts';
import { type HttpRig, startHttpRig, until } from '../support/http-rig.ts';
import { silent } from '../support/identity/authenticator.ts';
import { withinASecond } from '../support/within.ts';

const rules = `rules:
  - { name: reads, description: Reads flow here., match: { verbs: [get, list] }, effect: allow }
  - { name: programs, description: Programs run here., match: { tools: [exec] }, effect: allow }
  - { name: held, description: Changes wait here., match: { tools: [scale] }, effect: review, require: { people: 1 } }
`;
let folder: string;
let server: Composition;
let office: Composition;
let http: HttpRig;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-second-'));
  await writeFile(join(folder, 'rules.yaml'), rules);
  const people = [{ id: 'ana@example.com', osUsers: ['ana'] }, { id: 'li@example.com' }];
  const config = configSchema.parse({ policy: { folder }, people, state: { directory: join(folder, 'state') } });
  const process = (serves: boolean) => compose(config, { sandbox: true, serves, env: {}, log: silent });
  server = await process(true);
  office = await process(false);
  const { sessions, suspensions } = server.identity;
  http = await startHttpRig({ over: { sessions, suspensions } });
});
afterAll(async () => {
  await http.close();
  await office.close();
  await server.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

const principal = (agent: string): Principal => ({
  ...{ issuer: 'https://idp.example.com', subject: agent, agent, groups: [], verified: true },
  person: 'li@example.com',
});

interface Agent {
  readonly session: Session;
  call(tool: string, input: object): Promise<Outcome>;
}

async function agent(name: string): Promise<Agent> {
  const { sessions, suspensions } = server.identity;
  const client = { name: 'test', version: '1' };
  const session = await sessions.open({ principal: principal(name), client, transport: 'http' });
  const standing = standingOf({ principal: principal(name), suspensions, clock: systemClock, session });
  return {
    session,
    call: (tool, input) =>
      server.invoke({
        ...{ tool, input, inputBytes: 100, principal: principal(name), client, standing },
        ...{ signal: new AbortController().signal, progress: undefined, waitBudget: 60_000 },
      }),
  };
}

const revoke = async ({ id }: Session): Promise<unknown> =>
  (await openSessionFiles(office.state)).revoke(sessionName(id));
const suspend = (name: string): Promise<unknown> =>
  office.identity.suspensions.suspend({ name, reason: 'test', by: 'ana@example.com', at: Date.now() });
const does = {
  revoked: ({ session }: Agent) => revoke(session),
  suspended: ({ session }: Agent) => suspend(session.principal.agent),
};
const cases = ['revoked', 'suspended'] as const;
const told = ({ status, message }: Outcome): string => `${status}: ${open(message)}`;
const heldOf = async (name: string) =>
  (await office.approvals.list({ open: true })).find(({ principal, awaited }) => principal.agent === name && awaited);

/** As soon as the next program's connection is open: from then on it may run. Client and sandbox are both in this process. */
const programBegins = (): Promise<void> =>
  new Promise((resolve) => {
    const channel = 'http.client.request.start';
    const listener = (message: unknown): void => {
      const { request } = message as { request: ClientRequest };
      if (!/\/exec\?/.test(request.path)) return;
      unsubscribe(channel, listener);
      request.once('upgrade', () => resolve());
    };
    subscribe(channel, listener);
  });

describe.each(cases)('whose session is %s', (what) => {
  it('and who waits for a person is told within a second', async () => {
    const name = `waits-${what}`;
    const bot = await agent(name);
    const input = { resource: 'deploy', name: 'web', namespace: 'shop', replicas: 7, reason: 'A sale.' };
    const answer = bot.call('scale', input);
    await until(async () => (await heldOf(name)) !== undefined);
    const { id = '' } = (await heldOf(name)) ?? {};
    await does[what](bot);
    expect(told(await withinASecond(answer))).toContain('unauthorized: ');
    // What nobody may go on with is withdrawn; after a revoked session the agent may come back for it.
    if (what === 'suspended')
      await withinASecond(until(async () => (await office.approvals.read(id)).state === 'withdrawn'));
    else expect((await office.approvals.read(id)).state).toBe('pending');
  });

  it('and whose program runs: it is ended within a second', async () => {
    const bot = await agent(`runs-${what}`);
    const pods = await bot.call('get', { resource: 'pods', namespace: 'shop', output: 'name' });
    const pod = /web-[a-z0-9-]+/.exec(JSON.stringify(open(pods.data)))?.[0];
    const begun = programBegins();
    const answer = bot.call('exec', {
      pod,
      namespace: 'shop',
      command: ['sleep', '60'],
      timeout: 60,
      reason: 'A look.',
    });
    const early = await Promise.race([begun, answer]);
    if (early !== undefined) throw new Error(`it did not run: ${told(early)}`);
    await does[what](bot);
    // Nobody knows how far it came. One that had not begun would be `unauthorized`, which is as right and says more: nothing
    // was sent. test/attacks/suspended-as-a-program-begins.test.ts has that.
    expect(told(await withinASecond(answer))).toMatch(/^unknown: /);
  });

  it('and who listens over HTTP: the stream ends within a second', async () => {
    const name = what === 'revoked' ? 'listensone' : 'listenstwo';
    const authorization = `Bearer ${name}`;
    const hello = await post(
      http.url,
      rpc('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } }),
      { authorization },
    );
    const id = hello.headers.get('mcp-session-id') ?? '';
    const headers = { authorization, accept: 'text/event-stream', 'mcp-session-id': id };
    const stream = await fetch(`${http.url}/mcp`, { headers });
    expect(stream.status).toBe(200);
    const ended = stream.text();
    await (what === 'revoked' ? revoke({ id } as Session) : suspend(name));
    await withinASecond(ended);
    const next = await post(http.url, rpc('tools/list'), { authorization, 'mcp-session-id': id });
    expect(next.status).toBe(what === 'revoked' ? 404 : 403);
  });
});
