import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isJsonObject, type JsonObject } from '../../src/domain/json.ts';
import { startClient } from '../../src/transport/client.ts';

const program = join(import.meta.dirname, '..', '..', 'dist', 'countersign.cjs');
let folder = '';
let running: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-stdio-'));
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  running = [];
  await rm(folder, { recursive: true, force: true });
});

const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: folder,
  COUNTERSIGN_STATE: join(folder, 'state'),
  ...more,
});

interface Wire {
  readonly child: ChildProcess;
  readonly lines: JsonObject[];
  /** Everything on stdout, to show that nothing else is there. */
  readonly raw: () => string;
  send(message: JsonObject | string): void;
  reply(id: number): Promise<JsonObject>;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

function start(args: readonly string[], env = environment()): Wire {
  const child = spawn(process.execPath, [program, ...args], { env, cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
  running.push(child);
  const lines: JsonObject[] = [];
  let text = '';
  const waiting: (() => void)[] = [];
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    lines.splice(
      0,
      lines.length,
      ...whole
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    );
    for (const wake of waiting.splice(0)) wake();
  });
  child.stdin?.on('error', () => {});
  const ended = new Promise<number | string | null>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  return {
    child,
    lines,
    raw: () => text,
    send: (message) => void child.stdin?.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`),
    reply: async (id) => {
      for (;;) {
        const found = lines.find((line) => line.id === id);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    ended,
  };
}

const hello = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};
const call = (id: number, name: string, args: JsonObject): JsonObject => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});
const structured = (answer: JsonObject): JsonObject => {
  const result = answer.result;
  return isJsonObject(result) && isJsonObject(result.structuredContent) ? result.structuredContent : {};
};

test('a real client reads from the sandbox, and every result says that it is one', async () => {
  const client = await startClient({
    name: 'test',
    version: '1',
    command: process.execPath,
    args: [program, 'serve', '--sandbox'],
    env: environment(),
    stderr: 'ignore',
  });
  try {
    expect(await client.tools()).toEqual(['get', 'logs', 'apply', 'delete', 'scale', 'exec', 'approval']);
    expect(client.instructions.length).toBeLessThanOrEqual(2048);
    const { text, structured: data, isError } = await client.call('get', { resource: 'pods', namespace: 'shop' });
    expect(isError).toBe(false);
    expect(data).toMatchObject({ status: 'ok', cluster: 'sandbox (in memory, not a real cluster)' });
    expect(text).toContain('sandbox (in memory, not a real cluster)');
    expect(text).toContain(String(data.message));
  } finally {
    await client.close();
  }
});

test('an unknown tool and bad input are tool results that are in the audit log', async () => {
  const wire = start(['serve', '--sandbox']);
  wire.send(hello);
  await wire.reply(0);
  wire.send(call(1, 'gte', {}));
  wire.send(call(2, 'get', { resorce: 'pods' }));
  const [unknown, misspelt] = [await wire.reply(1), await wire.reply(2)];
  expect(structured(unknown)).toMatchObject({ status: 'invalid', next: expect.stringContaining('get, logs, apply') });
  expect(structured(misspelt)).toMatchObject({
    status: 'invalid',
    message: expect.stringContaining('did you mean "resource"?'),
  });
  wire.child.stdin?.end();
  expect(await wire.ended).toBe(0);
  const tail = start(['audit', 'tail', '--type', 'Refused', '--json']);
  await tail.ended;
  expect(tail.lines.map(({ tool, code }) => [tool, code])).toEqual([
    ['gte', 'Invalid'],
    ['get', 'Invalid'],
  ]);
});

test('nothing but MCP is on stdout, whatever comes in', async () => {
  const wire = start(['serve', '--sandbox']);
  for (const line of ['', 'GET / HTTP/1.1', '{"jsonrpc":"2.0"', '\u0000\u0001', '[]']) wire.send(line);
  wire.send(hello);
  await wire.reply(0);
  wire.send(call(1, 'get', { resource: 'pods', namespace: 'shop' }));
  await wire.reply(1);
  wire.child.stdin?.end();
  expect(await wire.ended).toBe(0);
  for (const line of wire.raw().trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
});

test('the server ends by itself when the client goes, also with a call that waits for a person', async () => {
  const wire = start(['serve', '--sandbox']);
  wire.send(hello);
  await wire.reply(0);
  wire.send({
    ...call(1, 'delete', { resource: 'services', name: 'web', namespace: 'shop', reason: 'test' }),
    params: {
      name: 'delete',
      arguments: { resource: 'services', name: 'web', namespace: 'shop', reason: 'test' },
      _meta: { progressToken: 'p' },
    },
  });
  while (!wire.lines.some((line) => line.method === 'notifications/progress')) {
    await new Promise<void>((resolve) => wire.child.stdout?.once('data', () => resolve()));
  }
  wire.child.stdin?.end();
  expect(await wire.ended).toBe(0);
});

test('SIGTERM ends it cleanly', async () => {
  const wire = start(['serve', '--sandbox']);
  wire.send(hello);
  await wire.reply(0);
  wire.child.kill('SIGTERM');
  expect(await wire.ended).toBe(0);
});

test('started from a pipe without a command it serves; without a cluster each call says what to do', async () => {
  const wire = start([]);
  wire.send(hello);
  expect((await wire.reply(0)).result).toMatchObject({ serverInfo: { name: 'countersign' } });
  wire.send(call(1, 'get', { resource: 'pods' }));
  const answer = structured(await wire.reply(1));
  expect(answer).toMatchObject({ status: 'unavailable', message: expect.stringContaining('No cluster is configured') });
  expect(answer.next).toMatch(/countersign init.*serve --sandbox/);
});

test('bad configuration: initialize and tools/list are answered, each call says what is wrong, where, and a repair needs no restart', async () => {
  const file = join(folder, 'countersign.yaml');
  await writeFile(file, 'tools: {prefx: k8s_}\n');
  const wire = start(['serve', '--sandbox', '--config', file]);
  wire.send(hello);
  await wire.reply(0);
  wire.send({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
  expect((await wire.reply(1)).result).toMatchObject({
    tools: expect.arrayContaining([expect.objectContaining({ name: 'get' })]),
  });
  wire.send(call(2, 'get', { resource: 'pods', namespace: 'shop' }));
  const refusal = structured(await wire.reply(2));
  expect(refusal).toMatchObject({ status: 'invalid', next: expect.stringContaining('countersign doctor') });
  expect(refusal.message).toContain(`${file} is not valid: tools: unknown key "prefx"`);
  await writeFile(file, 'tools: {prefix: k8s_}\n');
  wire.send(call(3, 'get', { resource: 'pods', namespace: 'shop' }));
  expect(structured(await wire.reply(3))).toMatchObject({ status: 'ok' });
});

test('a named configuration that is missing is told by each call', async () => {
  const wire = start(['serve', '--config', join(folder, 'none.yaml')]);
  wire.send(hello);
  wire.send(call(1, 'get', { resource: 'pods' }));
  expect(structured(await wire.reply(1)).message).toMatch(/none\.yaml is not valid: the file cannot be read/);
});

test('a real cluster over stdio needs isolation: accept-same-user', async () => {
  const file = join(folder, 'countersign.yaml');
  await writeFile(file, 'clusters: {prod: {kubeconfig: none, context: prod}}\n');
  const wire = start(['serve', '--config', file]);
  wire.send(hello);
  wire.send(call(1, 'get', { resource: 'pods' }));
  const answer = structured(await wire.reply(1));
  expect(answer).toMatchObject({ status: 'unavailable', next: expect.stringContaining('isolation: accept-same-user') });
});

test('a configuration in the working directory is not looked at', async () => {
  await writeFile(join(folder, 'countersign.yaml'), 'broken: [');
  const wire = start([]);
  wire.send(hello);
  wire.send(call(1, 'get', { resource: 'pods' }));
  expect(structured(await wire.reply(1)).message).toContain('No cluster is configured');
});

test('the demo, scripted, does the whole job and proves it', async () => {
  const child = spawn(process.execPath, [program, 'demo', '--scripted'], { env: environment(), cwd: folder });
  running.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(output).not.toContain('FAIL');
  expect(output.match(/^ok {7}/gm)).toHaveLength(7);
  expect(code).toBe(0);
  await expect(readFile(join(folder, 'state', 'format'))).rejects.toThrow(/ENOENT/);
}, 60_000);
