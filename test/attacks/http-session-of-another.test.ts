import { afterEach, beforeEach, expect, it } from 'vitest';
import { both, initialize, openSession, post, rpc } from '../support/http-messages.ts';
import { type HttpRig, startHttpRig } from '../support/http-rig.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await startHttpRig();
});
afterEach(() => rig.close());

const mallory = { authorization: 'Bearer mallory' };
const said = async (response: Response): Promise<unknown> => [response.status, await response.text()];

it('answers exactly as one that does not exist, to every verb', async () => {
  const session = await openSession(rig.url);
  const none = 'f'.repeat(session.length);
  const attempts: readonly ((id: string) => Promise<Response>)[] = [
    (id) => post(rig.url, rpc('tools/call', { name: 'get', arguments: {} }), { ...mallory, 'mcp-session-id': id }),
    (id) =>
      post(
        rig.url,
        { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
        { ...mallory, 'mcp-session-id': id },
      ),
    (id) => fetch(`${rig.url}/mcp`, { headers: { ...mallory, accept: both, 'mcp-session-id': id } }),
    (id) =>
      fetch(`${rig.url}/mcp`, {
        headers: { ...mallory, accept: both, 'mcp-session-id': id, 'last-event-id': 'AAAAAAAAAAAA.0' },
      }),
    (id) => fetch(`${rig.url}/mcp`, { method: 'DELETE', headers: { ...mallory, 'mcp-session-id': id } }),
  ];
  for (const attempt of attempts) {
    const theirs = await said(await attempt(session));
    expect(theirs).toEqual(await said(await attempt(none)));
    expect(theirs).toMatchObject([404, expect.any(String)]);
  }
  expect(rig.invocations).toEqual([]);
  const own = await post(rig.url, rpc('ping'), { 'mcp-session-id': session });
  expect(own.status).toBe(200);
});

it('the stream of an older client too', async () => {
  const stream = await fetch(`${rig.url}/sse`, { headers: { authorization: 'Bearer deploy' } });
  const reader = stream.body?.getReader();
  let text = '';
  while (!text.includes('sessionId=')) text += new TextDecoder().decode((await reader?.read())?.value);
  const address = /data: (\S+)/.exec(text)?.[1] ?? '';
  const send = (path: string): Promise<Response> =>
    fetch(`${rig.url}${path}`, {
      method: 'POST',
      headers: { ...mallory, 'content-type': 'application/json' },
      body: JSON.stringify(rpc('ping')),
    });
  expect(await said(await send(address))).toEqual(await said(await send(`${address.slice(0, -4)}AAAA`)));
  await reader?.cancel();
});

it('a token without a session gets none of another by not naming it', async () => {
  await openSession(rig.url);
  expect((await post(rig.url, rpc('tools/list'), mallory)).status).toBe(400);
  expect((await initialize(rig.url, mallory)).status).toBe(200);
});
