import type { Readable, Writable } from 'node:stream';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Log } from '../domain/environment.ts';
import { isJsonObject, type JsonObject } from '../domain/json.ts';
import { createLineReader, type Line } from './lines.ts';

export type RequestId = string | number;

/** What takes a message before the SDK sees it; true: it is done with. */
type Interceptor = (message: JsonObject, bytes: number) => boolean;

export interface StdioWire extends Transport {
  /** Queues one line; all lines of a turn leave in one write. */
  write(json: string): void;
  /** Resolves when the client has gone (end of input, or the output is closed). */
  readonly gone: Promise<void>;
  /** Resolves when everything queued has been handed to the operating system. */
  drained(): Promise<void>;
}

export interface WireOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly log: Log;
  readonly intercept: Interceptor;
  /** Bytes of one message; default 16 MiB, above every limit of the gate so that the gate is the one who says no. */
  readonly maxBytes?: number;
}

/**
 * The stdio transport of MCP (revision 2025-11-25, "Transports"): one JSON-RPC message a line. It differs from the SDK's in
 * that answers of one turn leave in one write, a malformed line is answered and survived, and `intercept` takes tool calls
 * past the SDK's validation passes, which cost more than the call.
 */
export function createStdioWire(options: WireOptions): StdioWire {
  const { input, output, log } = options;
  const sender = createSender(output, input);
  let markGone = (): void => {};
  const gone = new Promise<void>((resolve) => {
    markGone = resolve;
  });

  const wire: StdioWire = {
    gone,
    write: sender.write,
    drained: sender.drained,
    start: async () => {
      input.on('data', createLineReader(options.maxBytes ?? 16 * 1024 * 1024, receive));
      input.once('end', markGone).once('close', markGone).once('error', markGone);
      output.once('close', markGone).on('error', markGone);
    },
    send: async (message) => sender.write(JSON.stringify(message)),
    close: async () => {
      input.removeAllListeners('data');
      input.pause();
      wire.onclose?.();
    },
  };

  function receive(line: Line): void {
    if (line.text.trim() === '') return;
    if (line.tooLong) {
      refuseLong(line);
      return;
    }
    const message = parseMessage(line.text);
    if (message === undefined) {
      log.warn('A line on stdin is not a JSON-RPC message', { bytes: line.bytes });
      sender.write(rpcError(null, -32700, 'Parse error: not a JSON-RPC message on one line'));
      return;
    }
    if (!options.intercept(message, line.bytes)) toSdk(message);
  }

  function toSdk(message: JsonObject): void {
    const checked = JSONRPCMessageSchema.safeParse(message);
    if (checked.success) wire.onmessage?.(checked.data);
    else sender.write(rpcError(idOf(message), -32600, 'Not a JSON-RPC 2.0 message'));
  }

  function refuseLong(line: Line): void {
    log.warn('A line on stdin is too long', { bytes: line.bytes });
    const id = /"id"\s*:\s*(\d{1,15}|"[^"\\]{1,100}")\s*\}\s*$/.exec(line.text)?.[1];
    const text = `The message has ${line.bytes} bytes, which is more than this server reads. Split it into several calls.`;
    sender.write(rpcError(id === undefined ? null : (JSON.parse(id) as RequestId), -32600, text));
  }

  return wire;
}

export const rpcError = (id: RequestId | null, code: number, message: string): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } });

const idOf = ({ id }: JsonObject): RequestId | null => (typeof id === 'string' || typeof id === 'number' ? id : null);

function parseMessage(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Lines of one turn leave in one write; while the client does not read, nothing more is read from it. */
function createSender(output: Writable, input: Readable): { write(json: string): void; drained(): Promise<void> } {
  let queued = '';
  let idle: (() => void)[] = [];

  const flush = (): void => {
    const chunk = queued;
    queued = '';
    const done = (): void => {
      if (queued !== '') return;
      for (const resolve of idle) resolve();
      idle = [];
    };
    if (output.destroyed || output.writableEnded) done();
    else if (!output.write(chunk, done)) {
      input.pause();
      output.once('drain', () => input.resume());
    }
  };

  return {
    write: (json) => {
      if (queued === '') process.nextTick(flush);
      queued += `${json}\n`;
    },
    drained: () =>
      new Promise((resolve) => {
        if (queued === '' && (output.writableLength === 0 || output.destroyed)) resolve();
        else idle.push(resolve);
      }),
  };
}
