import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { say } from '../../../src/domain/masked.ts';
import { httpConfigSchema } from '../../../src/transport/http/config.ts';
import { both, eventsOf, initialize, modern, openSession, post, rpc } from '../../support/http-messages.ts';
import { type HttpRig, type HttpRigOptions, outcomeOf, startHttpRig, until } from '../../support/http-rig.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await startHttpRig();
});
afterEach(() => rig.close());

const again = async (options: HttpRigOptions): Promise<void> => {
  await rig.close();
  rig = await startHttpRig(options);
};

/** A gate that waits until its caller detaches. */
const waiting: HttpRigOptions = {
  invoke: ({ progress, signal }) =>
    new Promise((resolve) => {
      progress?.(say`Waiting`);
      signal.addEventListener('abort', () => resolve(outcomeOf('pending')));
    }),
};
const call = rpc('tools/call', { name: 'get', arguments: {} });
const noted = rpc('tools/call', { name: 'get', arguments: {}, _meta: { progressToken: 1 } });

describe('a session', () => {
  it('speaks the revision that was asked for, and else the newest that begins with initialize', async () => {
    for (const [asked, spoken] of [
      ['2025-03-26', '2025-03-26'],
      ['2025-06-18', '2025-06-18'],
      ['2025-11-25', '2025-11-25'],
      ['2026-07-28', '2025-11-25'],
      ['1999-01-01', '2025-11-25'],
    ]) {
      const body = await (await initialize(rig.url, {}, asked)).json();
      expect(body).toMatchObject({ result: { protocolVersion: spoken, serverInfo: { name: 'countersign' } } });
    }
  });

  it('is needed, and its id must be there', async () => {
    expect((await post(rig.url, rpc('tools/list'))).status).toBe(400);
    expect((await post(rig.url, rpc('tools/list'), { 'mcp-session-id': 'x' })).status).toBe(404);
    const own = { 'mcp-session-id': await openSession(rig.url) };
    expect((await post(rig.url, rpc('tools/list'), { ...own, 'mcp-protocol-version': '1999-01-01' })).status).toBe(400);
    expect(await (await post(rig.url, rpc('no/such'), own)).json()).toMatchObject({ error: { code: -32601 } });
    expect((await post(rig.url, '{', own)).status).toBe(400);
    expect((await post(rig.url, { id: 1 }, own)).status).toBe(400);
    expect((await post(rig.url, rpc('ping'), { ...own, 'content-type': 'text/plain' })).status).toBe(415);
    expect((await fetch(`${rig.url}/mcp`, { method: 'PUT', headers: { authorization: 'Bearer deploy' } })).status).toBe(
      405,
    );
  });

  it('offers tasks to those whose revision has them, and to no others', async () => {
    const lists = await Promise.all(
      ['2025-06-18', '2025-11-25'].map(async (revision) => {
        const own = { 'mcp-session-id': await openSession(rig.url, {}, revision) };
        return (await post(rig.url, rpc('tools/list'), own)).text();
      }),
    );
    expect(lists[0]).not.toContain('taskSupport');
    expect(lists[1]).toContain('"execution":{"taskSupport":"optional"}');
    expect(Math.max(...lists.map((each) => each.length))).toBeLessThan(20_000);
  });

  it('ends with its principal, its token or its revocation, and with it the stream that listens', async () => {
    for (const end of [rig.suspend, rig.revoke]) {
      const session = await openSession(rig.url);
      const headers = { authorization: 'Bearer deploy', accept: both, 'mcp-session-id': session };
      const listening = await fetch(`${rig.url}/mcp`, { headers });
      expect((await fetch(`${rig.url}/mcp`, { headers })).status).toBe(409);
      if (end === rig.suspend) break;
      end(session);
      for await (const _ of eventsOf(listening)) throw new Error('nothing was to be said');
      expect((await post(rig.url, rpc('ping'), { 'mcp-session-id': session })).status).toBe(404);
    }
    rig.suspend('deploy');
    expect((await initialize(rig.url)).status).toBe(403);
  });
});

describe('an answer', () => {
  it('is one object when it is there at once, and a stream after a second', async () => {
    await again(waiting);
    const own = { 'mcp-session-id': await openSession(rig.url) };
    const quick = await post(rig.url, rpc('ping'), own);
    expect(quick.headers.get('content-type')).toBe('application/json');
    const slow = post(rig.url, call, own);
    await until(() => rig.invocations.length === 1);
    rig.pass(1_000);
    const response = await slow;
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    await response.body?.cancel();
    await until(() => rig.invocations[0]?.signal.aborted === true);
  });

  it('is kept alive by a comment every 15 seconds', async () => {
    await again(waiting);
    const response = await post(rig.url, noted, { 'mcp-session-id': await openSession(rig.url) });
    const reader = response.body?.getReader();
    let text = '';
    const read = async (wanted: string): Promise<void> => {
      while (!text.includes(wanted)) text += new TextDecoder().decode((await reader?.read())?.value);
    };
    await read('Waiting');
    expect(text).toMatch(/^id: [\w-]+\.0\nretry: \d+\ndata: \n\n/);
    rig.pass(15_000);
    await read(': ka');
    await reader?.cancel();
  });

  it('of a client that takes no stream is one object, however long it takes', async () => {
    await again({
      invoke: async ({ progress }) => {
        progress?.(say`Waiting`);
        return outcomeOf('done');
      },
    });
    const own = { 'mcp-session-id': await openSession(rig.url), accept: 'application/json' };
    expect(await (await post(rig.url, noted, own)).json()).toMatchObject({
      id: 1,
      result: { structuredContent: { message: 'done' } },
    });
  });

  it('is not given to a call that was cancelled', async () => {
    await again(waiting);
    const own = { 'mcp-session-id': await openSession(rig.url) };
    const answer = post(rig.url, call, own);
    await until(() => rig.invocations.length === 1);
    await post(rig.url, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, own);
    const response = await answer;
    expect([response.status, await response.text()]).toEqual([202, '']);
  });

  it('goes on where a client that lost its stream comes back at once', async () => {
    let finish = (): void => {};
    await again({
      invoke: ({ progress }) =>
        new Promise((resolve) => {
          progress?.(say`Waiting`);
          finish = () => resolve(outcomeOf('done'));
        }),
    });
    const session = await openSession(rig.url);
    const lost = await post(rig.url, noted, { 'mcp-session-id': session });
    const first = await eventsOf(lost).next();
    const headers = { authorization: 'Bearer deploy', accept: both, 'mcp-session-id': session };
    const resumed = await fetch(`${rig.url}/mcp`, { headers: { ...headers, 'last-event-id': first.value?.id ?? '' } });
    finish();
    const found: string[] = [];
    for await (const { data } of eventsOf(resumed)) found.push(data);
    expect(found.join()).toContain('Waiting');
    expect(found.join()).toContain('"message":"done"');
  });
});

describe('a token', () => {
  it('is asked for with the way to one', async () => {
    const response = await fetch(`${rig.url}/mcp`, { method: 'POST' });
    expect(response.status).toBe(401);
    const challenge = response.headers.get('www-authenticate') ?? '';
    expect(challenge).toBe(`Bearer resource_metadata="${rig.url}/.well-known/oauth-protected-resource/mcp"`);
    const document = await (await fetch(`${rig.url}/.well-known/oauth-protected-resource/mcp`)).json();
    expect(document).toMatchObject({ resource: `${rig.url}/mcp`, authorization_servers: ['https://idp.example.com'] });
  });

  it('that is bad is said so, and one without the scope is told which', async () => {
    await again({ scopes: { apply: 'countersign:write' } });
    const bad = await post(rig.url, call, { authorization: 'Bearer !' });
    expect([bad.status, bad.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('error="invalid_token"'),
    ]);
    const { body, headers } = modern('tools/call', { name: 'apply', arguments: {} });
    const narrow = await post(rig.url, body, headers);
    expect(narrow.status).toBe(403);
    expect(narrow.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    expect(narrow.headers.get('www-authenticate')).toContain('scope="countersign:write"');
    expect(rig.invocations).toEqual([]);
    const wide = await post(rig.url, body, { ...headers, authorization: 'Bearer deploy:countersign:write' });
    expect([wide.status, narrow.headers.get('cache-control')]).toEqual([403, 'no-store']);
  });

  it('may be a newer one in the middle of a session: the call that waits goes on under it', async () => {
    await again(waiting);
    const session = await openSession(rig.url);
    const waits = post(rig.url, call, { 'mcp-session-id': session });
    await until(() => rig.invocations.length === 1);
    await rig.invocations[0]?.standing?.check();
    rig.revoke(session);
    expect(() => rig.invocations[0]?.standing?.check()).toThrow(/session has ended/);
    await rig.close();
    expect(await (await waits).text()).toContain('pending');
    rig = await startHttpRig();
  });
});

describe('the listener', () => {
  it('answers what is open when it closes, and takes nothing more', async () => {
    await again(waiting);
    const own = { 'mcp-session-id': await openSession(rig.url) };
    const open = post(rig.url, call, own);
    await until(() => rig.invocations.length === 1);
    await rig.close();
    expect(await (await open).json()).toMatchObject({ result: { structuredContent: { message: 'pending' } } });
    await expect(post(rig.url, call, own)).rejects.toThrow();
    rig = await startHttpRig();
  });

  it('says what is not ready, and nothing else', async () => {
    await again({
      over: {
        parts: [
          { name: 'audit', check: () => undefined },
          {
            name: 'cluster',
            check: () => {
              throw new Error('token abc');
            },
          },
        ],
      },
    });
    expect((await fetch(`${rig.url}/healthz`)).status).toBe(200);
    const response = await fetch(`${rig.url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      ready: false,
      parts: ['audit', 'cluster'],
      notReady: { cluster: 'it could not be asked' },
    });
  });

  it('serves other routes with a body of their size', async () => {
    const route = {
      method: 'POST',
      path: '/slack/interactive',
      maxBytes: 10,
      handle: async (_request: unknown, body: Buffer, response: import('node:http').ServerResponse) =>
        void response.end(body),
    } as const;
    await again({ over: { routes: [route] } });
    const send = (body: string): Promise<Response> => fetch(`${rig.url}/slack/interactive`, { method: 'POST', body });
    expect(await (await send('hello')).text()).toBe('hello');
    expect((await send('x'.repeat(11))).status).toBe(413);
  });

  it('has no HTTP+SSE where the operator turned it off', async () => {
    await again({ config: httpConfigSchema.parse({ sse: false }) });
    expect((await fetch(`${rig.url}/sse`, { headers: { authorization: 'Bearer deploy' } })).status).toBe(404);
  });
});
