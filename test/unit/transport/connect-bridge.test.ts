import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Invocation } from '../../../src/domain/invocation.ts';
import { say } from '../../../src/domain/masked.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { type BridgeRig, startBridge, tokenOf } from '../../support/bridge-rig.ts';
import { type HttpRig, outcomeOf, startHttpRig, until } from '../../support/http-rig.ts';

const open: { end?: () => Promise<void>; close?: () => Promise<void> | void }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await (each.end?.() ?? each.close?.());
});
const kept = <T extends (typeof open)[number]>(each: T): T => {
  open.push(each);
  return each;
};
const rigOf = async (...options: Parameters<typeof startHttpRig>): Promise<HttpRig> =>
  kept(await startHttpRig(...options));
const bridgeTo = (...options: Parameters<typeof startBridge>): BridgeRig => kept(startBridge(...options));
const get = { name: 'get', arguments: { resource: 'pods' } };

/** Calls that wait until the test lets them go, or until nobody waits for them. */
function held() {
  const calls: { readonly invocation: Invocation; readonly finish: (outcome: Outcome) => void }[] = [];
  const invoke = (invocation: Invocation): Promise<Outcome> =>
    new Promise((finish) => {
      calls.push({ invocation, finish });
      invocation.signal.addEventListener('abort', () => finish(outcomeOf('detached')), { once: true });
    });
  return { calls, invoke };
}

/** In front of a server: connections that a test cuts. */
async function cuttable(target: string) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(new URL(target).port), '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket.on('error', () => undefined));
      socket.once('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const stop = (): void => {
    cut();
    server.close();
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  return kept({ url, cut, close: () => stop() });
}

describe('what passes', () => {
  it('ids, results, errors and notes go on as they came', async () => {
    const { calls, invoke } = held();
    const rig = await rigOf({ invoke });
    const bridge = bridgeTo(`${rig.url}/mcp`);
    expect(await bridge.hello()).toMatchObject({ result: { serverInfo: { name: 'countersign' } } });
    expect(await bridge.ask('a-text', 'ping')).toEqual({ jsonrpc: '2.0', id: 'a-text', result: {} });
    expect(await bridge.ask(7, 'no/such')).toMatchObject({ id: 7, error: { code: -32601 } });
    const answer = bridge.ask(0, 'tools/call', { ...get, _meta: { progressToken: 'mine' } });
    await until(() => calls.length === 1);
    calls[0]?.invocation.progress?.(say`still waiting`);
    const noted = () => bridge.heard.find(({ method }) => method === 'notifications/progress');
    await until(() => noted() !== undefined);
    expect(noted()).toMatchObject({ params: { progressToken: 'mine', message: 'still waiting' } });
    calls[0]?.finish(outcomeOf('done'));
    expect(await answer).toMatchObject({ id: 0, result: { structuredContent: { message: 'done' } } });
    expect(calls[0]?.invocation.principal.agent).toBe('robot');
  });

  it('what is cancelled detaches at the server and is not answered', async () => {
    const { calls, invoke } = held();
    const rig = await rigOf({ invoke });
    const bridge = bridgeTo(`${rig.url}/mcp`);
    await bridge.hello();
    bridge.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: get });
    await until(() => calls.length === 1);
    bridge.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    await until(() => calls[0]?.invocation.signal.aborted === true);
    await bridge.ask(2, 'ping');
    expect(bridge.heard.filter(({ id }) => id === 1)).toEqual([]);
  });

  it('a cancellation that overtakes its request still detaches it', async () => {
    const { calls, invoke } = held();
    const rig = await rigOf({ invoke });
    const bridge = bridgeTo(`${rig.url}/mcp`);
    await bridge.hello();
    for (let id = 1; id <= 20; id++) {
      bridge.send({ jsonrpc: '2.0', id, method: 'tools/call', params: get });
      bridge.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
    }
    await bridge.ask('after', 'ping');
    await until(() => calls.every(({ invocation }) => invocation.signal.aborted));
    expect(bridge.heard.filter(({ id }) => typeof id === 'number')).toEqual([]);
  });

  it('a request of 2026-07-28 goes without a session, with its headers', async () => {
    const rig = await rigOf();
    const bridge = bridgeTo(`${rig.url}/mcp`);
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const answer = await bridge.ask(1, 'tools/call', { ...get, _meta });
    expect(answer).toMatchObject({ result: { resultType: 'complete', structuredContent: { status: 'ok' } } });
  });
});

describe('what breaks', () => {
  it('a stream that is cut is taken up where it was, and the answer comes once', async () => {
    const { calls, invoke } = held();
    const rig = await rigOf({ invoke });
    const proxy = await cuttable(rig.url);
    const bridge = bridgeTo(proxy.url);
    await bridge.hello();
    const answer = bridge.ask(1, 'tools/call', { ...get, _meta: { progressToken: 1 } });
    await until(() => calls.length === 1);
    calls[0]?.invocation.progress?.(say`one`);
    await until(() => bridge.heard.some(({ method }) => method === 'notifications/progress'));
    proxy.cut();
    // The server detaches a call that nobody listens to; what it then answers is kept for who comes back.
    expect(await answer).toMatchObject({ result: { structuredContent: { message: 'detached' } } });
    expect(bridge.heard.filter(({ id }) => id === 1)).toHaveLength(1);
  });

  it('a connection that is lost before any answer says how to go on', async () => {
    const { calls, invoke } = held();
    const rig = await rigOf({ invoke });
    const proxy = await cuttable(rig.url);
    const bridge = bridgeTo(proxy.url);
    await bridge.hello();
    const answer = bridge.ask(1, 'tools/call', get);
    await until(() => calls.length === 1);
    proxy.cut();
    expect(await answer).toMatchObject({
      result: {
        isError: true,
        structuredContent: { status: 'unavailable', next: expect.stringMatching(/exactly the same call/) },
      },
    });
    expect(calls).toHaveLength(1);
  });

  it('a session that the server has forgotten is begun again, once for all that wait', async () => {
    const rig = await rigOf();
    const bridge = bridgeTo(`${rig.url}/mcp`);
    await bridge.hello();
    const port = rig.server.port;
    await rig.close();
    open.splice(open.indexOf(rig), 1);
    const next = await rigOf({ over: { port } });
    let begun = 0;
    const { open: begin } = next.sessions;
    Object.assign(next.sessions, {
      open: (start: Parameters<typeof begin>[0]) => {
        begun += 1;
        return begin(start);
      },
    });
    const answers = await Promise.all([1, 2, 3].map((id) => bridge.ask(id, 'tools/call', get)));
    for (const each of answers) expect(each).toMatchObject({ result: { structuredContent: { status: 'ok' } } });
    expect(next.invocations.map(({ client }) => client.name)).toEqual(['raw', 'raw', 'raw']);
    expect(begun).toBe(1);
  });

  it('a server that is down is said to each request, in the form of what was asked', async () => {
    const rig = await rigOf();
    const bridge = bridgeTo(`${rig.url}/mcp`);
    await bridge.hello();
    await rig.close();
    open.splice(open.indexOf(rig), 1);
    expect(await bridge.ask(1, 'tools/call', get)).toMatchObject({
      result: {
        isError: true,
        structuredContent: {
          status: 'unavailable',
          message: expect.stringMatching(/cannot be reached \(ECONNREFUSED\)/),
        },
      },
    });
    expect(await bridge.ask(2, 'tools/list')).toMatchObject({
      error: { code: -32000, message: expect.stringMatching(/Next: try again/) },
    });
  });

  it('a token that is refused is said, without the token', async () => {
    const rig = await rigOf();
    const bearer = { ...tokenOf('NOT-GOOD'), replace: async () => undefined };
    const bridge = bridgeTo(`${rig.url}/mcp`, { bearer });
    const answer = await bridge.hello();
    expect(answer).toMatchObject({
      error: { message: expect.stringMatching(/refuses this call \(401\): the token is not good/) },
    });
    expect(JSON.stringify(answer)).not.toContain('NOT-GOOD');
  });

  it('what is no message is answered and survived', async () => {
    const rig = await rigOf();
    const bridge = bridgeTo(`${rig.url}/mcp`);
    bridge.send('{"jsonrpc":');
    await until(() => bridge.heard.length === 1);
    expect(bridge.heard[0]).toMatchObject({ id: null, error: { code: -32700 } });
    expect(await bridge.hello()).toHaveProperty('result');
    expect(await bridge.ask(1, 'tools/call', { ...get, arguments: { name: 'x'.repeat(150_000) } })).toMatchObject({
      result: {
        isError: true,
        structuredContent: { status: 'invalid', message: expect.stringMatching(/too long.*more than 100000 bytes/) },
      },
    });
  });
});

it('the end of stdin ends the session and what waits in it', async () => {
  const { calls, invoke } = held();
  const rig = await rigOf({ invoke });
  const bridge = startBridge(`${rig.url}/mcp`);
  await bridge.hello();
  bridge.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: get });
  await until(() => calls.length === 1);
  await bridge.end();
  expect(calls[0]?.invocation.signal.aborted).toBe(true);
  expect(rig.logged).toEqual([]);
});

it('a new token reaches a server that waits, without the client saying anything', async () => {
  const { calls, invoke } = held();
  const rig = await rigOf({ invoke });
  let token = 'robot';
  let beat = (): void => {};
  const sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (milliseconds >= 10_000) beat = resolve;
      else setImmediate(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  const seen: string[] = [];
  const { authenticate } = rig.authenticator;
  Object.assign(rig.authenticator, {
    authenticate: (presented: Parameters<typeof authenticate>[0]) => {
      seen.push(...presented.authorization);
      return authenticate(presented);
    },
  });
  const bearer = { ...tokenOf(''), current: async () => token };
  const bridge = bridgeTo(`${rig.url}/mcp`, { bearer, sleep });
  await bridge.hello();
  bridge.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: get });
  await until(() => calls.length === 1);
  token = 'robot:renewed';
  beat();
  await until(() => seen.includes('Bearer robot:renewed'));
  calls[0]?.finish(outcomeOf('done'));
  await bridge.answer(1);
  expect(bridge.heard.map(({ id }) => id)).toEqual(['hello', 1]);
});

it('a redirect is not followed, whoever sends it', async () => {
  const asked: string[] = [];
  const elsewhere = createHttp((request, response) => {
    asked.push(request.headers.authorization ?? 'nothing');
    response.end('{}');
  });
  elsewhere.listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  kept({ close: () => void elsewhere.close() });
  const target = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/mcp`;
  const redirecting = createHttp((request, response) => {
    request.resume();
    response.writeHead(307, { location: target }).end();
  });
  redirecting.listen(0, '127.0.0.1');
  await once(redirecting, 'listening');
  kept({ close: () => void redirecting.close() });
  const bridge = bridgeTo(`http://127.0.0.1:${(redirecting.address() as AddressInfo).port}/mcp`);
  expect(await bridge.hello()).toMatchObject({
    error: { message: expect.stringMatching(/redirects to http:\/\/127.*never sent after/) },
  });
  expect(asked).toEqual([]);
});
