import { afterEach, expect, it } from 'vitest';
import type { Authenticator } from '../../src/domain/identity.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { openSession, post, rpc } from '../support/http-messages.ts';
import { type HttpRig, outcomeOf, startHttpRig, until } from '../support/http-rig.ts';

let rig: HttpRig;
afterEach(() => rig.close());

/** A token is `<groups>;<when it ends>`: the same agent each time, with what its issuer says of it at that moment. */
const authenticator: Authenticator = {
  authenticate: async ({ authorization }) => {
    const [groups = '', end = ''] = (authorization[0] ?? '').replace('Bearer ', '').split(';');
    return {
      principal: {
        issuer: 'https://idp.example.com',
        subject: 'bot',
        agent: 'bot',
        groups: groups.split(','),
        verified: true,
      },
      scopes: [],
      expiresAt: Number(end),
      recheck: async () => {},
    };
  },
  scopeFor: () => undefined,
  metadata: (resource) => ({ resource }),
};

const bearer = (groups: string, end: number) => ({ authorization: `Bearer ${groups};${end}` });

/**
 * An agent that was let in as a member of sre loses the group, and its next token says so. What it held before must not live on
 * under the new token with the groups of the old one.
 */
it.each([
  ['a call', {}],
  ['a task', { task: { ttl: 3_600_000 } }],
])('%s that was begun with more ends with the token that said so', async (_, extra: JsonObject) => {
  const release = new AbortController();
  const held = new Promise<void>((resolve) => release.signal.addEventListener('abort', () => resolve()));
  rig = await startHttpRig({
    invoke: async () => {
      await held;
      return outcomeOf('done');
    },
    over: { authenticator },
  });
  const before = bearer('sre,dev', 1_060_000);
  const session = { 'mcp-session-id': await openSession(rig.url, before) };
  const answer = post(rig.url, rpc('tools/call', { name: 'apply', arguments: {}, ...extra }), {
    ...before,
    ...session,
  });
  await until(() => rig.invocations.length === 1);
  const { standing } = rig.invocations[0] ?? {};
  const taskId = 'task' in extra ? await taskOf(await answer) : '';
  const asks = (headers: Readonly<Record<string, string>>) =>
    post(rig.url, taskId === '' ? rpc('ping', {}, 2) : rpc('tasks/get', { taskId }), { ...headers, ...session });

  // The same groups in another order say the same, and renew it.
  expect((await asks(bearer('dev,sre', 1_100_000))).status).toBe(200);
  rig.pass(70_000);
  await expect(standing?.check()).resolves.toBeUndefined();

  expect((await asks(bearer('dev', 9_000_000))).status).toBe(200);
  rig.pass(60_000);
  await expect(async () => standing?.check()).rejects.toThrow('The token has expired');
  release.abort();
  await answer;
});

async function taskOf(response: Response): Promise<string> {
  const body = (await response.json()) as { result: { task: { taskId: string } } };
  return body.result.task.taskId;
}
