import { afterEach, beforeEach, expect, it } from 'vitest';
import { say } from '../../src/domain/masked.ts';
import { both, eventsOf, openSession, post, rpc } from '../support/http-messages.ts';
import { type HttpRig, outcomeOf, startHttpRig, until } from '../support/http-rig.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await startHttpRig({
    invoke: ({ progress, signal }) =>
      new Promise((resolve) => {
        progress?.(say`Waiting for approval cs-secret`);
        signal.addEventListener('abort', () => resolve(outcomeOf('pending: cs-secret')));
      }),
  });
});
afterEach(() => rig.close());

const call = rpc('tools/call', { name: 'apply', arguments: {}, _meta: { progressToken: 7 } });

/** A call under way whose connection is lost after its first note; gives the id of the last event. */
async function lostCall(session: string): Promise<string> {
  const response = await post(rig.url, call, { 'mcp-session-id': session });
  const events = eventsOf(response);
  let last = '';
  for await (const { id, data } of events) {
    last = id ?? '';
    if (data.includes('Waiting')) break;
  }
  return last;
}

const resume = (session: string, last: string, agent = 'deploy'): Promise<Response> =>
  fetch(`${rig.url}/mcp`, {
    headers: { authorization: `Bearer ${agent}`, accept: both, 'mcp-session-id': session, 'last-event-id': last },
  });

it('an event of another session is one that does not exist, also with a session of one’s own', async () => {
  const victim = await openSession(rig.url);
  const last = await lostCall(victim);
  expect(last).toMatch(/^[\w-]{12}\.1$/);
  const own = await openSession(rig.url, { authorization: 'Bearer mallory' });
  const theirs = await resume(own, last, 'mallory');
  const none = await resume(own, 'AAAAAAAAAAAA.1', 'mallory');
  expect([theirs.status, await theirs.text()]).toEqual([none.status, await none.text()]);
  expect(theirs.status).toBe(400);
  const secondSession = await openSession(rig.url);
  expect((await resume(secondSession, last)).status).toBe(400);
  expect((await resume(victim, last, 'mallory')).status).toBe(404);
});

it('its owner has what it missed: the wait detached, and the answer says so', async () => {
  const session = await openSession(rig.url);
  const last = await lostCall(session);
  await until(() => rig.invocations[0]?.signal.aborted === true);
  const found: string[] = [];
  for await (const { data } of eventsOf(await resume(session, last))) found.push(data);
  expect(found.join()).toContain('pending: cs-secret');
  expect(found.join()).not.toContain('Waiting for approval');
});
