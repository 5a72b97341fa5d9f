/** Several clusters behind one server: each call says which one, and an approval stays in its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import { type AgentRig, startAgent } from '../support/agent.ts';
import { kubeconfig } from '../support/control-plane/kubeconfig.ts';
import { changesIn, startTlsSandbox, type TlsSandbox } from '../support/tls-sandbox.ts';

const program = join(import.meta.dirname, '../../dist/countersign.cjs');
let folder: string;
let one: TlsSandbox;
let two: TlsSandbox;
let agent: AgentRig | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-several-'));
  one = await startTlsSandbox();
  two = await startTlsSandbox();
});
afterEach(async () => {
  await agent?.close();
  agent = undefined;
  await one.close();
  await two.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

async function start(more: JsonObject = {}): Promise<AgentRig> {
  const entry = async (name: string, { url, caCert }: TlsSandbox): Promise<JsonObject> => {
    const path = join(folder, name);
    await writeFile(path, kubeconfig(url, caCert, 'countersign', { token: 'any' }), { mode: 0o600 });
    return { kubeconfig: path, context: 'countersign-test', namespace: 'shop' };
  };
  const clusters = { one: await entry('one', one), two: await entry('two', two) };
  agent = await startAgent({ state: join(folder, 'state'), config: { clusters, ...more } });
  return agent;
}

/** What is published to every client, by the tool's name. */
async function published({ state, configFile }: AgentRig) {
  const client = new Client({ name: 'test', version: '1' });
  const env = { PATH: process.env.PATH ?? '', HOME: state, COUNTERSIGN_STATE: state, COUNTERSIGN_CONFIG: configFile };
  const command = process.execPath;
  await client.connect(new StdioClientTransport({ command, args: [program, 'serve'], env, stderr: 'ignore' }));
  const { tools } = await client.listTools();
  await client.close();
  return new Map(
    tools.map(({ name, inputSchema: { properties = {}, required = [] } }) => [
      name,
      { context: properties.context, isRequired: required.includes('context') },
    ]),
  );
}
const changing = ['apply', 'delete', 'scale', 'exec'];
const reason = 'A sale.';
const scale = (context?: string): JsonObject => ({
  ...{ resource: 'deploy', name: 'web', replicas: 7, reason },
  ...(context === undefined ? {} : { context }),
});
const replicas = async (rig: AgentRig, context: string): Promise<unknown> => {
  const { text } = await rig.call('get', { resource: 'deploy', name: 'web', fields: ['spec.replicas'], context });
  return /"?replicas"?:\s*(\d+)/.exec(text)?.[1];
};

it('publishes which there are, and asks for one in every call', async () => {
  const rig = await start();
  const tools = await published(rig);
  expect([...tools.keys()].sort()).toEqual([...changing, 'approval', 'get', 'logs'].sort());
  for (const [name, { context, isRequired }] of tools) {
    if (name === 'approval') expect(context).toBeUndefined();
    else expect(context, name).toMatchObject({ type: 'string', enum: ['one', 'two'] });
    expect(isRequired, name).toBe(name !== 'approval');
  }
  for (const [tool, input] of [
    ['get', { resource: 'pods' }],
    ['scale', scale()],
    ['scale', scale('three')],
  ] as const) {
    const answer = await rig.call(tool, input);
    expect(answer.structured.status, answer.text).toBe('invalid');
    expect(answer.text).toContain('context');
  }
  expect((await rig.call('scale', scale('three'))).text).toMatch(/one\W.*two/);
  expect([...one.asked, ...two.asked]).toEqual([]);
}, 120_000);

it('lets reads go to the default one, and never a change', async () => {
  const rig = await start({ defaultContext: 'two' });
  const tools = await published(rig);
  for (const name of ['get', 'logs'])
    expect(tools.get(name)).toMatchObject({ context: { default: 'two' }, isRequired: false });
  for (const name of changing) expect(tools.get(name)?.isRequired, name).toBe(true);
  expect((await rig.call('get', { resource: 'pods' })).structured).toMatchObject({ status: 'ok', cluster: 'two' });
  expect((await rig.call('scale', scale())).structured.status).toBe('invalid');
  expect(one.asked).toEqual([]);
  expect(changesIn(two)).toEqual([]);
}, 120_000);

it('runs an approval in its own cluster, and lets the same call in the other one wait for another', async () => {
  const rig = await start();
  const was = await replicas(rig, 'two');
  const inOne = rig.call('scale', scale('one'));
  const asked = await rig.held();
  expect(asked.cluster).toMatchObject({ name: 'one' });
  await rig.vote(asked.id, 'ana@example.com', 'approve');
  expect((await inOne).structured).toMatchObject({ status: 'executed', cluster: 'one' });

  const inTwo = rig.call('scale', scale('two'));
  const other = await rig.held();
  expect(other.id).not.toBe(asked.id);
  expect(other.cluster).toMatchObject({ name: 'two' });
  // By id the first one gives its own answer, wherever somebody says that it should run.
  expect((await rig.call('approval', { id: asked.id, context: 'two' })).structured.status).toBe('invalid');
  expect(changesIn(one)).toHaveLength(1);
  expect(changesIn(two)).toEqual([]);
  expect(await replicas(rig, 'one')).toBe('7');
  expect(await replicas(rig, 'two')).toBe(was);
  await rig.vote(other.id, 'ana@example.com', 'deny', 'not there');
  expect((await inTwo).structured).toMatchObject({ status: 'denied', cluster: 'two' });
  expect(changesIn(two)).toEqual([]);
}, 120_000);
