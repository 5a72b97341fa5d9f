import { afterEach, beforeEach, expect, it } from 'vitest';
import { isJsonObject, type JsonObject, objectAt, stringAt } from '../../src/domain/json.ts';
import { say } from '../../src/domain/masked.ts';
import { modern, openSession, post, rpc } from '../support/http-messages.ts';
import { type HttpRig, outcomeOf, startHttpRig } from '../support/http-rig.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await startHttpRig({
    invoke: ({ progress, signal }) =>
      new Promise((resolve) => {
        progress?.(say`Waiting for approval cs-secret`);
        signal.addEventListener('abort', () => resolve(outcomeOf('detached')));
      }),
  });
});
afterEach(() => rig.close());

const mallory = { authorization: 'Bearer mallory' };
const tasks = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const bodyOf = async (response: Response): Promise<JsonObject> => {
  const body: unknown = await response.json();
  return isJsonObject(body) ? body : {};
};

it('2026-07-28: a task of another is one that does not exist', async () => {
  const started = modern('tools/call', { name: 'apply', arguments: {} }, tasks);
  const task = objectAt(await bodyOf(await post(rig.url, started.body, started.headers)), 'result') ?? {};
  expect(task).toMatchObject({
    resultType: 'task',
    status: 'working',
    statusMessage: 'Waiting for approval cs-secret',
  });
  const ask = async (method: string, taskId: string, headers = {}): Promise<JsonObject> => {
    const message = modern(method, { taskId }, tasks);
    return bodyOf(await post(rig.url, message.body, { ...message.headers, ...headers }));
  };
  const id = stringAt(task, 'taskId') ?? '';
  for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
    const theirs = await ask(method, id, mallory);
    expect(theirs).toEqual(await ask(method, 'A'.repeat(id.length), mallory));
    expect(theirs).toMatchObject({ error: { code: -32602 } });
  }
  expect(await ask('tasks/get', id)).toMatchObject({ result: { status: 'working' } });
});

it('2025-11-25: nor is it listed, waited for or cancelled', async () => {
  const own = { 'mcp-session-id': await openSession(rig.url) };
  const created = await post(rig.url, rpc('tools/call', { name: 'apply', arguments: {}, task: { ttl: 60_000 } }), own);
  const id = stringAt(await bodyOf(created), 'result', 'task', 'taskId') ?? '';
  const theirs = { ...mallory, 'mcp-session-id': await openSession(rig.url, mallory) };
  for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel'])
    expect(await bodyOf(await post(rig.url, rpc(method, { taskId: id }), theirs))).toMatchObject({
      error: { code: -32602 },
    });
  expect(await bodyOf(await post(rig.url, rpc('tasks/list'), theirs))).toMatchObject({ result: { tasks: [] } });
  expect(await bodyOf(await post(rig.url, rpc('tasks/list'), own))).toMatchObject({
    result: { tasks: [{ taskId: id }] },
  });
});
