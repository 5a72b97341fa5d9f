import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject, stringAt } from '../../../src/domain/json.ts';
import { say } from '../../../src/domain/masked.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { eventsOf, modern, post } from '../../support/http-messages.ts';
import { type HttpRig, outcomeOf, startHttpRig, until } from '../../support/http-rig.ts';

let rig: HttpRig;
let finish: (outcome: Outcome) => void = () => {};
beforeEach(async () => {
  rig = await startHttpRig({
    invoke: ({ tool, progress, signal }) => {
      if (tool === 'get') return Promise.resolve(outcomeOf('at once'));
      return new Promise((resolve) => {
        progress?.(say`Waiting for approval`);
        finish = resolve;
        signal.addEventListener('abort', () => resolve(outcomeOf('pending')));
      });
    },
  });
});
afterEach(() => rig.close());

const withTasks = { extensions: { 'io.modelcontextprotocol/tasks': {} } };

async function ask(method: string, params: JsonObject = {}, capabilities = {}, headers = {}) {
  const message = modern(method, params, capabilities);
  const response = await post(rig.url, message.body, { ...message.headers, ...headers });
  const body: unknown = await response.json();
  return { status: response.status, body: isJsonObject(body) ? body : {} };
}

describe('2026-07-28', () => {
  it('says what the server is, without a session', async () => {
    const { status, body } = await ask('server/discover');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      result: {
        resultType: 'complete',
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'countersign', version: '1.2.3' } },
        supportedVersions: expect.arrayContaining(['2026-07-28']),
        capabilities: { tools: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } },
        ttlMs: expect.any(Number),
        cacheScope: 'private',
      },
    });
  });

  it('refuses headers that are missing or say something else than the body', async () => {
    const params = { name: 'get', arguments: {} };
    const mismatched: readonly Readonly<Record<string, string>>[] = [
      { 'mcp-method': 'tools/list' },
      { 'mcp-name': 'apply' },
      { 'mcp-name': '=?base64?YXBwbHk=?=' },
      { 'mcp-name': '=?base64?Z2V0!?=' },
      { 'mcp-protocol-version': '2025-11-25' },
    ];
    for (const headers of mismatched) {
      const { status, body } = await ask('tools/call', params, {}, headers);
      expect([headers, status, body.error]).toMatchObject([headers, 400, { code: -32020 }]);
    }
    const encoded = await ask('tools/call', params, {}, { 'mcp-name': '=?base64?Z2V0?=' });
    expect(encoded.status).toBe(200);
    expect(rig.invocations).toHaveLength(1);
  });

  it('names its faults as the revision wants: version, method, metadata, form', async () => {
    const { body, headers } = modern('tools/list');
    const asked = JSON.parse(JSON.stringify(body).replace('2026-07-28', '2027-01-01'));
    const version = await post(rig.url, asked, { ...headers, 'mcp-protocol-version': '2027-01-01' });
    expect([version.status, await version.json()]).toMatchObject([
      400,
      { error: { code: -32022, data: { requested: '2027-01-01' } } },
    ]);
    expect(await ask('no/such')).toMatchObject({ status: 404, body: { error: { code: -32601 } } });
    const bare = await post(rig.url, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, headers);
    expect([bare.status, await bare.json()]).toMatchObject([400, { error: { code: -32602 } }]);
    expect((await post(rig.url, { jsonrpc: '2.0', id: 1, result: {} }, headers)).status).toBe(400);
    expect((await post(rig.url, [body], headers)).status).toBe(400);
    expect((await post(rig.url, { jsonrpc: '2.0', method: 'notifications/x' }, headers)).status).toBe(202);
  });

  it('takes a closed response for a cancellation', async () => {
    const { body, headers } = modern('tools/call', { name: 'apply', arguments: {}, _meta: {} });
    const response = post(rig.url, body, headers);
    await until(() => rig.invocations.length === 1);
    rig.pass(1_000);
    await (await response).body?.cancel();
    await until(() => rig.invocations[0]?.signal.aborted === true);
  });

  it('holds a subscription open until it is closed', async () => {
    const { body, headers } = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
    const events = eventsOf(await post(rig.url, body, headers));
    const first = await events.next();
    expect(JSON.parse(first.value?.data ?? '')).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: {}, _meta: { 'io.modelcontextprotocol/subscriptionId': 1 } },
    });
    await events.return(undefined);
  });
});

describe('tasks of 2026-07-28', () => {
  it('come when a call begins to wait, and only to clients that know them', async () => {
    expect((await ask('tools/call', { name: 'get', arguments: {} }, withTasks)).body).toMatchObject({
      result: { resultType: 'complete', structuredContent: { message: 'at once' } },
    });
    const started = await ask('tools/call', { name: 'apply', arguments: {} }, withTasks);
    expect(started.body).toMatchObject({
      result: { resultType: 'task', status: 'working', statusMessage: 'Waiting for approval', ttlMs: 3_600_000 },
    });
    const taskId = stringAt(started.body, 'result', 'taskId') ?? '';
    expect((await ask('tasks/get', { taskId }, {})).body).toMatchObject({ error: { code: -32021 } });
    expect((await ask('tasks/get', { taskId }, withTasks)).body).toMatchObject({
      result: { resultType: 'complete', status: 'working' },
    });
    finish(outcomeOf('done'));
    await until(() => rig.invocations.length === 2);
    expect((await ask('tasks/get', { taskId }, withTasks)).body).toMatchObject({
      result: { status: 'completed', result: { structuredContent: { message: 'done' } } },
    });
  });

  it('detach when they are cancelled, and when nobody asks for them any more', async () => {
    for (const leave of ['cancel', 'silence']) {
      const started = await ask('tools/call', { name: 'apply', arguments: {} }, withTasks);
      const taskId = stringAt(started.body, 'result', 'taskId') ?? '';
      if (leave === 'cancel') expect((await ask('tasks/cancel', { taskId }, withTasks)).status).toBe(200);
      else rig.pass(120_000);
      expect(rig.invocations.at(-1)?.signal.aborted).toBe(true);
      const { body } = await ask('tasks/get', { taskId }, withTasks);
      expect(stringAt(body, 'result', 'status')).toBe(leave === 'cancel' ? 'cancelled' : 'completed');
    }
    rig.pass(3_600_000);
    const { body } = await ask('tasks/get', { taskId: 'x' }, withTasks);
    expect(body).toMatchObject({ error: { code: -32602 } });
  });
});
