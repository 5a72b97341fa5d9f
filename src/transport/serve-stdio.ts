import type { Readable, Writable } from 'node:stream';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Log } from '../domain/environment.ts';
import type { Invoke } from '../domain/invocation.ts';
import { isJsonObject, type JsonObject } from '../domain/json.ts';
import type { Principal } from '../domain/principal.ts';
import type { AnyTool } from '../domain/tool.ts';
import { type Calls, clientNamed, createCalls } from './calls.ts';
import { instructions } from './instructions.ts';
import { noValidator } from './no-validator.ts';
import { type PublishedTool, publish } from './schema.ts';
import { createStdioWire, type StdioWire } from './stdio-wire.ts';

export interface StdioOptions {
  readonly tools: readonly AnyTool[];
  readonly invoke: Invoke;
  /** Who is calling; asked for each call. */
  readonly principal: () => Principal;
  /** Milliseconds that a call of this client may wait for a person; asked for each call. */
  readonly waitBudget: (client: string, progress: boolean) => number;
  /** Before each tool name; default none. */
  readonly prefix?: string;
  readonly version: string;
  readonly log: Log;
  readonly input: Readable;
  readonly output: Writable;
}

export interface StdioServer {
  /** Resolves when the client has gone, all waits are detached and all answers written. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** Serves MCP (revisions up to 2025-11-25) over one pair of streams until the client goes. Never throws for what the client sends. */
export async function serveStdio(options: StdioOptions): Promise<StdioServer> {
  const prefix = options.prefix ?? '';
  const server = new Server(
    { name: 'countersign', title: 'Countersign', version: options.version },
    { capabilities: { tools: {} }, instructions, jsonSchemaValidator: noValidator },
  );
  server.onerror = (error) => options.log.warn('The MCP layer reports', { cause: error.message });

  let published: PublishedTool[] | undefined;
  server.setRequestHandler(ListToolsRequestSchema, () => {
    published ??= options.tools.map((tool) => publish(tool, prefix));
    return { tools: published };
  });

  const wire: StdioWire = createStdioWire({
    input: options.input,
    output: options.output,
    log: options.log,
    intercept: (message, bytes) => intercept(calls, message, bytes),
  });
  const calls: Calls = createCalls({
    tools: options.tools,
    prefix,
    invoke: options.invoke,
    principal: options.principal,
    client: () => {
      const client = server.getClientVersion();
      return clientNamed(client?.name, client?.version);
    },
    waitBudget: options.waitBudget,
    write: wire.write,
    log: options.log,
  });

  await server.connect(wire);
  let ending: Promise<void> | undefined;
  const close = (): Promise<void> => {
    ending ??= end(server, wire, calls);
    return ending;
  };
  return { closed: wire.gone.then(close), close };
}

/** Tool calls never reach the SDK; a cancellation does too, for its own requests. */
function intercept(calls: Calls, message: JsonObject, bytes: number): boolean {
  if (message.method === 'notifications/cancelled') {
    const id = isJsonObject(message.params) ? message.params.requestId : undefined;
    if (typeof id === 'string' || typeof id === 'number') calls.cancel(id);
    return false;
  }
  return calls.take(message, bytes);
}

async function end(server: Server, wire: StdioWire, calls: Calls): Promise<void> {
  await calls.detach();
  await wire.drained();
  await server.close();
}
