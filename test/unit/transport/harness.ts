import { PassThrough } from 'node:stream';
import { z } from 'zod';
import type { Log } from '../../../src/domain/environment.ts';
import type { Invocation, Invoke } from '../../../src/domain/invocation.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { compose, say } from '../../../src/domain/masked.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { type AnyTool, defineTool } from '../../../src/domain/tool.ts';
import { type StdioServer, serveStdio } from '../../../src/transport/serve-stdio.ts';

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const somebody: Principal = {
  issuer: 'local',
  subject: 'somebody',
  groups: [],
  agent: 'local:somebody',
  verified: false,
};

export const peek: AnyTool = defineTool({
  name: 'peek',
  title: 'Peek',
  description: 'Looks at one thing.',
  access: { verb: 'get', mutates: false, destructive: false, idempotent: true },
  input: z.strictObject({
    name: z.string().describe('Which'),
    limit: z.int().min(1).max(500).default(50),
    fields: z.array(z.string()).optional(),
    output: z.enum(['table', 'json']).optional(),
  }),
  output: z.looseObject({
    status: z.string(),
    message: z.string(),
    object: z.record(z.string(), z.unknown()).optional(),
  }),
  targets: () => [],
  plan: async () => ({ requests: [] }),
  run: async () => ({ message: say`nothing`, data: compose({}) }),
});

export interface Harness {
  readonly server: StdioServer;
  readonly input: PassThrough;
  readonly output: PassThrough;
  /** Every line that the server wrote, parsed. */
  readonly lines: JsonObject[];
  send(message: JsonObject | string): void;
  /** Resolves with the first line that fits, also one that is already there. */
  until(fits: (line: JsonObject) => boolean): Promise<JsonObject>;
  reply(id: number | string): Promise<JsonObject>;
}

export async function harness(
  invoke: Invoke,
  over: { tools?: AnyTool[]; prefix?: string; waitBudget?: (client: string, progress: boolean) => number } = {},
): Promise<Harness> {
  const input = new PassThrough();
  const output = new PassThrough();
  const server = await serveStdio({
    invoke,
    settings: async () => ({
      tools: over.tools ?? [peek],
      prefix: over.prefix ?? '',
      principal: () => somebody,
      waitBudget: over.waitBudget ?? (() => 50_000),
    }),
    version: '9.9.9',
    log: silent,
    input,
    output,
  });
  const lines: JsonObject[] = [];
  let waiting: (() => void)[] = [];
  let rest = '';
  output.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('utf8')).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.map((part) => JSON.parse(part)));
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  });
  const until = async (fits: (line: JsonObject) => boolean): Promise<JsonObject> => {
    for (;;) {
      const found = lines.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return {
    server,
    input,
    output,
    lines,
    send: (message) => input.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`),
    until,
    reply: (id) => until((line) => line.id === id),
  };
}

export const call = (id: number | string, name: string, args: JsonObject = {}, meta?: JsonObject): JsonObject => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) },
});

export const initialize = (client = 'test'): JsonObject => ({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: client, version: '1' } },
});

export const fine: Invoke = async () => ({
  status: 'ok',
  message: say`Fine.`,
  next: undefined,
  data: compose({ a: 1 }),
  text: undefined,
});

/** An invoke that hands out each invocation and answers when told. */
export function held(): { invoke: Invoke; next: () => Promise<Invocation>; release: (invocation: Invocation) => void } {
  const arrived: Invocation[] = [];
  const takers: ((invocation: Invocation) => void)[] = [];
  const releases = new Map<Invocation, () => void>();
  return {
    invoke: async (invocation) => {
      const released = new Promise<void>((resolve) => releases.set(invocation, resolve));
      const aborted = new Promise<void>((resolve) => invocation.signal.addEventListener('abort', () => resolve()));
      const taker = takers.shift();
      if (taker === undefined) arrived.push(invocation);
      else taker(invocation);
      await Promise.race([released, aborted]);
      return fine(invocation);
    },
    next: () => {
      const there = arrived.shift();
      return there === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(there);
    },
    release: (invocation) => releases.get(invocation)?.(),
  };
}
