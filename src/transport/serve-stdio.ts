import type { Readable, Writable } from 'node:stream';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Log } from '../domain/environment.ts';
import type { Invoke } from '../domain/invocation.ts';
import { isJsonObject, type JsonObject } from '../domain/json.ts';
import type { Masked } from '../domain/masked.ts';
import { type CallSettings, type Calls, clientNamed, createCalls } from './calls.ts';
import { instructions } from './instructions.ts';
import { noValidator } from './no-validator.ts';
import { offerPolicy } from './policy-resource.ts';
import { type PublishedTool, publish } from './schema.ts';
import { createStdioWire, type StdioWire } from './stdio-wire.ts';

export interface StdioOptions {
  readonly invoke: Invoke;
  /** Tools and configuration may still be read when the first calls come. Never rejects. */
  readonly settings: () => CallSettings | Promise<CallSettings>;
  /** Called when the client has its answer to `initialize`: the time to do what would have made it wait. */
  readonly initialized?: () => void;
  /** The rules that concern the caller, in words; undefined: there is no such resource. */
  readonly policy?: () => Promise<Masked<string>>;
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
  const server = new Server(
    { name: 'countersign', title: 'Countersign', version: options.version },
    {
      capabilities: { tools: {}, ...(options.policy === undefined ? {} : { resources: {} }) },
      instructions,
      jsonSchemaValidator: noValidator,
    },
  );
  if (options.policy !== undefined) offerPolicy(server, options.policy);
  server.onerror = (error) => options.log.warn('The MCP layer reports', { cause: error.message });

  let published: PublishedTool[] | undefined;
  server.oninitialized = () => options.initialized?.();
  server.setRequestHandler(ListToolsRequestSchema, async () => {
    const { tools, prefix } = await options.settings();
    published ??= tools.map((tool) => publish(tool, prefix));
    return { tools: published };
  });

  const wire: StdioWire = createStdioWire({
    input: options.input,
    output: options.output,
    log: options.log,
    intercept: (message, bytes) => intercept(calls, message, bytes),
  });
  const calls: Calls = createCalls({
    invoke: options.invoke,
    settings: options.settings,
    client: () => {
      const client = server.getClientVersion();
      return clientNamed(client?.name, client?.version);
    },
    write: wire.write,
    log: options.log,
  });

  await server.connect(wire);
  let markEnded = (): void => {};
  const closed = new Promise<void>((resolve) => {
    markEnded = resolve;
  });
  let ending = false;
  const close = (): Promise<void> => {
    if (!ending) void end(server, wire, calls).finally(markEnded);
    ending = true;
    return closed;
  };
  void wire.gone.then(close);
  return { closed, close };
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
