import { Client as ClientV2, StreamableHTTPClientTransport as StreamableV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as StreamableV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { say } from '../../../src/domain/masked.ts';
import { type HttpRig, outcomeOf, startHttpRig, until } from '../../support/http-rig.ts';

const requestInit = { headers: { authorization: 'Bearer deploy' } };
const info = { name: 'test-client', version: '1.0.0' };

let rig: HttpRig;
beforeEach(async () => {
  rig = await startHttpRig();
});
afterEach(() => rig.close());

async function v1(url = rig.url): Promise<ClientV1> {
  const client = new ClientV1(info);
  await client.connect(new StreamableV1(new URL(`${url}/mcp`), { requestInit }));
  return client;
}

async function sse(): Promise<ClientV1> {
  const client = new ClientV1(info);
  const fetchAs = (url: string | URL, init?: RequestInit): Promise<Response> =>
    fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), ...requestInit.headers } });
  await client.connect(new SSEClientTransport(new URL(`${rig.url}/sse`), { requestInit, fetch: fetchAs }));
  return client;
}

async function v2(mode: '2026-07-28' | 'legacy', capabilities = {}): Promise<ClientV2> {
  const versionNegotiation = mode === 'legacy' ? { mode } : { mode: { pin: mode } };
  const client = new ClientV2(info, { capabilities, versionNegotiation });
  await client.connect(new StreamableV2(new URL(`${rig.url}/mcp`), { requestInit }));
  return client;
}

const clients: Readonly<Record<string, () => Promise<ClientV1 | ClientV2>>> = {
  'the v1 SDK over Streamable HTTP': () => v1(),
  'the v1 SDK over HTTP+SSE': sse,
  'the v2 SDK in a session': () => v2('legacy'),
  'the v2 SDK in 2026-07-28': () => v2('2026-07-28'),
};

describe.each(Object.entries(clients))('%s', (_name, connect) => {
  it('lists tools, reads the policy and calls', async () => {
    const client = await connect();
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('apply');
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(['countersign://policy']);
    const { contents } = await client.readResource({ uri: 'countersign://policy' });
    expect(contents[0]).toMatchObject({ text: 'rules of deploy' });
    const result = await client.callTool({ name: 'get', arguments: { resource: 'pods' } });
    expect(result.structuredContent).toEqual({ status: 'ok', message: 'hello deploy' });
    expect(rig.invocations[0]).toMatchObject({ tool: 'get', client: info, principal: { agent: 'deploy' } });
    await client.close();
  });

  it('is told what it waits for', async () => {
    await rig.close();
    let heard = (): void => {};
    const noted = new Promise<void>((resolve) => {
      heard = resolve;
    });
    rig = await startHttpRig({
      invoke: async ({ progress }) => {
        progress?.(say`Waiting for approval`);
        await noted;
        return outcomeOf('done');
      },
    });
    const client = await connect();
    const notes: (string | undefined)[] = [];
    const onprogress = ({ message }: { message?: string | undefined }): void => {
      notes.push(message);
      heard();
    };
    const result =
      client instanceof ClientV1
        ? await client.callTool({ name: 'get', arguments: {} }, undefined, { onprogress })
        : await client.callTool({ name: 'get', arguments: {} }, { onprogress });
    expect(result.structuredContent).toMatchObject({ message: 'done' });
    expect(notes).toEqual(['Waiting for approval']);
    await client.close();
  });

  it('detaches a call when it cancels it', async () => {
    await rig.close();
    let detached = false;
    rig = await startHttpRig({
      invoke: ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            detached = true;
            resolve(outcomeOf('pending'));
          });
        }),
    });
    const client = await connect();
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const call =
      client instanceof ClientV1
        ? client.callTool({ name: 'get', arguments: {} }, undefined, options)
        : client.callTool({ name: 'get', arguments: {} }, options);
    call.catch(() => {});
    await until(() => rig.invocations.length === 1);
    controller.abort('enough');
    await expect(call).rejects.toThrow();
    await until(() => detached);
    await client.close();
  });
});

it('serves clients that keep no session, when the operator says so', async () => {
  await rig.close();
  const { httpConfigSchema } = await import('../../../src/transport/http/config.ts');
  rig = await startHttpRig({ config: httpConfigSchema.parse({ sessions: false }) });
  const client = await v1();
  const result = await client.callTool({ name: 'get', arguments: {} });
  expect(result.structuredContent).toMatchObject({ message: 'hello deploy' });
  expect((client.transport as StreamableV1).sessionId).toBeUndefined();
  await client.close();
});

it('counts sessions while they last', async () => {
  const client = await v1();
  const transport = client.transport as StreamableV1;
  const id = transport.sessionId ?? '';
  expect(
    rig.sessions.current(id, {
      issuer: 'https://idp.example.com',
      subject: 'deploy',
      agent: 'deploy',
      groups: [],
      verified: true,
    }),
  ).toBeDefined();
  await transport.terminateSession();
  await expect(client.listTools()).rejects.toThrow();
  await client.close();
});
