import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSession, post, rpc } from '../support/http-messages.ts';
import { type HttpRig, startHttpRig } from '../support/http-rig.ts';

let rig: HttpRig;
let headers: Record<string, string>;
beforeEach(async () => {
  rig = await startHttpRig();
  headers = { 'mcp-session-id': await openSession(rig.url, {}, '2025-03-26') };
});
afterEach(() => rig.close());

const call = (id: number, filler = '') =>
  rpc('tools/call', { name: 'get', arguments: { resource: 'pods', selector: filler } }, id);

it('a big call among small ones is not taken for a small one', async () => {
  const batch = [call(1, 'x'.repeat(50_000)), call(2), call(3)];
  const size = JSON.stringify(batch).length;
  expect((await post(rig.url, batch, headers)).status).toBe(200);
  expect(rig.invocations.map(({ inputBytes }) => inputBytes)).toEqual([size, size, size]);
});

it('two requests of one id are refused, so that each can be cancelled', async () => {
  const answer = await post(rig.url, [call(7), call(7)], headers);
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('one id')]);
  expect(rig.invocations).toEqual([]);
});
