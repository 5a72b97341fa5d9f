import { afterEach, expect, it } from 'vitest';
import type { Sessions } from '../../src/domain/identity.ts';
import { rpc } from '../support/http-messages.ts';
import { type HttpRig, startHttpRig, until } from '../support/http-rig.ts';
import { createTestIdentity } from '../support/identity.ts';

let rig: HttpRig;
afterEach(() => rig.close());

/** Sessions that are opened when the test lets them: their file and their line in the log take their time. */
function slowSessions() {
  const identity = createTestIdentity();
  const opened: string[] = [];
  const ended: string[] = [];
  let begun = 0;
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const sessions: Sessions = {
    ...identity.sessions,
    open: async (start) => {
      begun += 1;
      await gate;
      const session = await identity.sessions.open(start);
      opened.push(session.id);
      return session;
    },
    end: async (id, why) => {
      ended.push(id);
      await identity.sessions.end(id, why);
    },
  };
  return { over: { ...identity, sessions }, opened, ended, begun: () => begun, go };
}

const headers = { authorization: 'Bearer deploy', 'content-type': 'application/json' };

async function openLine() {
  const stream = await fetch(`${rig.url}/sse`, { headers });
  const reader = stream.body?.getReader();
  let text = '';
  while (!text.includes('sessionId=')) text += new TextDecoder().decode((await reader?.read())?.value);
  const address = `${rig.url}${/data: (\S+)/.exec(text)?.[1] ?? ''}`;
  const hello = () => fetch(address, { method: 'POST', headers, body: JSON.stringify(rpc('initialize')) });
  return { hello, hangUp: () => reader?.cancel() };
}

/** Each session that nobody can name any more counts against its principal for an hour. */
it('in one moment on one stream begins one session', async () => {
  const slow = slowSessions();
  rig = await startHttpRig({ over: slow.over });
  const line = await openLine();
  const both = [line.hello(), line.hello()];
  await until(() => slow.begun() > 0);
  const second = await Promise.race(both);
  expect(second.status).toBe(400);
  slow.go();
  expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([202, 400]);
  expect(slow.opened).toHaveLength(1);
  await line.hangUp();
  await until(() => slow.ended.length === 1);
});

it('leaves no session of a stream that was closed meanwhile', async () => {
  const slow = slowSessions();
  rig = await startHttpRig({ over: slow.over });
  const line = await openLine();
  const answer = line.hello();
  await until(() => slow.begun() === 1);
  await line.hangUp();
  // Whole requests that begin after the stream was closed.
  for (let n = 0; n < 3; n++) await (await fetch(`${rig.url}/healthz`, { headers: { connection: 'close' } })).text();
  slow.go();
  expect((await answer).status).toBe(404);
  expect(slow.ended).toEqual(slow.opened);
  expect(slow.ended).toHaveLength(1);
});
