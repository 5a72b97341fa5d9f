import { afterEach, beforeEach, expect, it } from 'vitest';
import { modern, openSession, post, rpc } from '../support/http-messages.ts';
import { type HttpRig, startHttpRig } from '../support/http-rig.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await startHttpRig();
});
afterEach(() => rig.close());

const tooMuch = { name: 'apply', arguments: { manifest: 'x'.repeat(200_000) } };

it('is refused with the limit, announced or not, and reaches nobody', async () => {
  const session = await openSession(rig.url);
  const announced = await post(rig.url, rpc('tools/call', tooMuch), { 'mcp-session-id': session });
  expect(announced.status).toBe(413);
  expect(await announced.text()).toContain('more than 100000 bytes');
  const stream = new Blob([JSON.stringify(rpc('tools/call', tooMuch))]).stream();
  const init = {
    method: 'POST',
    body: stream,
    duplex: 'half',
    headers: { 'content-type': 'application/json', authorization: 'Bearer deploy', 'mcp-session-id': session },
  };
  const unannounced = await fetch(`${rig.url}/mcp`, init as RequestInit).then(
    ({ status }) => status,
    () => 413,
  );
  expect(unannounced).toBe(413);
  const { body, headers } = modern('tools/call', tooMuch);
  expect((await post(rig.url, body, headers)).status).toBe(413);
  expect(rig.invocations).toEqual([]);
  expect((await post(rig.url, rpc('ping'), { 'mcp-session-id': session })).status).toBe(200);
});

it('without a token not a byte of it is kept', async () => {
  const response = await post(rig.url, rpc('tools/call', tooMuch), { authorization: 'Bearer !' });
  expect(response.status).toBe(401);
});

it('a batch has no more messages than a person would read', async () => {
  const session = await openSession(rig.url, {}, '2025-03-26');
  const many = Array.from({ length: 51 }, (_, id) => rpc('ping', {}, id));
  expect((await post(rig.url, many, { 'mcp-session-id': session })).status).toBe(400);
  const few = await post(rig.url, many.slice(0, 2), { 'mcp-session-id': session });
  expect(await few.json()).toEqual([
    { jsonrpc: '2.0', id: 0, result: {} },
    { jsonrpc: '2.0', id: 1, result: {} },
  ]);
});
