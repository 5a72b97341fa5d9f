import { expect, test } from 'vitest';
import type { Invocation } from '../../../src/domain/invocation.ts';
import { ident, say } from '../../../src/domain/masked.ts';
import { instructions } from '../../../src/transport/instructions.ts';
import { call, fine, harness, held, initialize } from './harness.ts';

test('initialize names the server, its version and the instructions', async () => {
  const { send, reply } = await harness(fine);
  send(initialize());
  const answer = await reply(0);
  expect(answer.result).toMatchObject({
    protocolVersion: '2025-11-25',
    serverInfo: { name: 'countersign', version: '9.9.9' },
    capabilities: { tools: {} },
    instructions,
  });
});

test('the instructions fit into what clients keep', () => {
  expect(instructions.length).toBeLessThanOrEqual(2048);
});

test('the names of tools carry the configured prefix, and a call by that name reaches the tool', async () => {
  const seen: Invocation[] = [];
  const { send, reply } = await harness(
    async (invocation) => {
      seen.push(invocation);
      return fine(invocation);
    },
    { prefix: 'k8s_' },
  );
  send({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
  expect((await reply(1)).result).toMatchObject({ tools: [{ name: 'k8s_peek' }] });
  send(call(2, 'k8s_peek', { name: 'x' }));
  await reply(2);
  expect(seen[0]?.tool).toBe('peek');
});

test('a tool that is not there is a call for the gate to refuse and record', async () => {
  const { invoke, next, release } = held();
  const { send, reply } = await harness(invoke);
  send(call(1, 'peak'));
  const invocation = await next();
  expect(invocation.tool).toBe('peak');
  release(invocation);
  expect((await reply(1)).error).toBeUndefined();
});

test('a call reaches the gate as it was sent, with its size, its client and its budget', async () => {
  const { invoke, next, release } = held();
  const asked: unknown[] = [];
  const waitBudget = (client: string, progress: boolean): number => {
    asked.push([client, progress]);
    return 1234;
  };
  const { send, reply } = await harness(invoke, { waitBudget });
  send(initialize('claude-code'));
  await reply(0);
  const message = call(7, 'peek', { name: 'ümlaut', surprise: [1] });
  send(message);
  const invocation = await next();
  expect(invocation.input).toEqual({ name: 'ümlaut', surprise: [1] });
  expect(invocation.inputBytes).toBe(Buffer.byteLength(JSON.stringify(message)));
  expect(invocation.client.name).toBe('claude-code');
  expect(invocation.progress).toBeUndefined();
  expect(invocation.waitBudget).toBe(1234);
  expect(asked).toEqual([['claude-code', false]]);
  release(invocation);
  expect((await reply(7)).result).toMatchObject({ structuredContent: { status: 'ok', a: 1 } });
});

test.each([
  ['a call without a name', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: {} }, /names no tool/],
  ['a call without params', { jsonrpc: '2.0', id: 1, method: 'tools/call' }, /names no tool/],
])('%s is answered by a tool result that says what to do', async (_what, message, words) => {
  const { send, reply } = await harness(fine);
  send(message);
  const answer = await reply(1);
  expect(answer.error).toBeUndefined();
  expect(answer.result).toMatchObject({ isError: true, structuredContent: { status: 'invalid' } });
  expect(JSON.stringify(answer.result)).toMatch(words);
});

test('a gate that throws in spite of its contract gives a tool result without the cause', async () => {
  const { send, reply } = await harness(async () => {
    throw new Error('password=hunter2');
  });
  send(call(1, 'peek'));
  const answer = await reply(1);
  expect(answer.result).toMatchObject({ isError: true, structuredContent: { status: 'failed' } });
  expect(JSON.stringify(answer)).not.toContain('hunter2');
});

test('progress notes carry the token and increasing numbers, each at most 200 characters', async () => {
  const { invoke, next, release } = held();
  const { send, reply, lines } = await harness(invoke);
  send(call(1, 'peek', {}, { progressToken: 'tok' }));
  const invocation = await next();
  invocation.progress?.(say`Waiting`);
  invocation.progress?.(say`${ident('x'.repeat(500))}`);
  release(invocation);
  await reply(1);
  invocation.progress?.(say`Late`);
  const notes = lines.filter((line) => line.method === 'notifications/progress').map((line) => line.params);
  expect(notes).toMatchObject([
    { progressToken: 'tok', progress: 1, message: 'Waiting' },
    { progressToken: 'tok', progress: 2 },
  ]);
  expect((notes[1] as { message: string }).message.length).toBe(200);
});

test('a cancelled call is aborted, gets no answer, and the server goes on', async () => {
  const { invoke, next, release } = held();
  const { send, reply, lines } = await harness(invoke);
  send(call(1, 'peek'));
  const first = await next();
  send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, reason: 'timeout' } });
  send(call(2, 'peek'));
  const second = await next();
  expect(first.signal.aborted).toBe(true);
  expect(second.signal.aborted).toBe(false);
  release(second);
  await reply(2);
  expect(lines.filter((line) => line.id === 1)).toEqual([]);
});

test('when the client goes, held calls are aborted and the server closes', async () => {
  const { invoke, next } = held();
  const { send, input, server } = await harness(invoke);
  send(call(1, 'peek'));
  const invocation = await next();
  input.end();
  await server.closed;
  expect(invocation.signal.aborted).toBe(true);
});

test('an output that breaks closes the server instead of killing the process', async () => {
  const { server, output } = await harness(fine);
  output.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await server.closed;
});

test.each(['not json', '{"a":', '[1,2]', '42', '"text"'])(
  'the malformed line %s is answered and survived',
  async (line) => {
    const { send, reply, until } = await harness(fine);
    send(line);
    expect(await until((each) => each.id === null)).toMatchObject({ error: { code: -32700 } });
    send(call(1, 'peek'));
    await reply(1);
  },
);

test('an object that is no JSON-RPC message is answered with its id', async () => {
  const { send, reply } = await harness(fine);
  send({ id: 5, hello: 'there' });
  expect(await reply(5)).toMatchObject({ error: { code: -32600 } });
});

test('a method that is not there is a JSON-RPC error, an empty line nothing', async () => {
  const { send, reply, lines } = await harness(fine);
  send('');
  send({ jsonrpc: '2.0', id: 1, method: 'resources/list' });
  expect(await reply(1)).toMatchObject({ error: { code: -32601 } });
  expect(lines).toHaveLength(1);
});

test('a line above the limit is dropped, answered by its id, and does not stop the server', async () => {
  const { send, reply } = await harness(fine);
  send(`{"jsonrpc":"2.0","method":"tools/call","params":{"x":"${'x'.repeat(17 * 1024 * 1024)}"},"id":9}`);
  expect(await reply(9)).toMatchObject({ error: { code: -32600, message: expect.stringMatching(/Split it/) } });
  send(call(10, 'peek'));
  expect((await reply(10)).result).toMatchObject({ structuredContent: { status: 'ok' } });
});

test('messages arrive whole however they are cut, several in a chunk or one in many', async () => {
  const { input, reply } = await harness(fine);
  const text = [1, 2, 3].map((id) => `${JSON.stringify(call(id, 'peek', { name: 'ü' }))}\r\n`).join('');
  for (const byte of Buffer.from(text)) input.write(Buffer.from([byte]));
  await Promise.all([reply(1), reply(2), reply(3)]);
  input.write(text.replaceAll('"id":', '"id":1'));
  await Promise.all([reply(11), reply(12), reply(13)]);
});

test('answers of one turn leave in one write', async () => {
  const { input, output, reply } = await harness(fine);
  let writes = 0;
  output.on('data', () => {
    writes += 1;
  });
  input.write([1, 2, 3].map((id) => `${JSON.stringify(call(id, 'peek'))}\n`).join(''));
  await Promise.all([reply(1), reply(2), reply(3)]);
  expect(writes).toBe(1);
});
