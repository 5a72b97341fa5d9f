import { PassThrough } from 'node:stream';
import type { BearerSource } from '../../src/domain/bearer.ts';
import type { Log } from '../../src/domain/environment.ts';
import { isJsonObject, type JsonObject } from '../../src/domain/json.ts';
import { type BridgeOptions, runBridge } from '../../src/transport/connect/bridge.ts';
import { until } from './http-rig.ts';

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const tokenOf = (token: string): BearerSource => ({
  current: async () => token,
  replace: async () => {
    throw new Error('there is one token');
  },
});

/** A stdio client on a bridge in this process, raw: a line a message. */
export interface BridgeRig {
  /** Everything that came, in order. */
  readonly heard: JsonObject[];
  send(message: JsonObject | string): void;
  /** Sends a request and waits for the answer with its id. */
  ask(id: string | number, method: string, params?: JsonObject): Promise<JsonObject>;
  answer(id: string | number): Promise<JsonObject>;
  hello(): Promise<JsonObject>;
  /** Ends stdin, and waits until the bridge has ended. */
  end(): Promise<void>;
}

/** `waits`: a pause in the test is none, but each is noted. The beat of the bridge never comes unless it is let. */
export function startBridge(url: string, over: Partial<BridgeOptions> = {}): BridgeRig {
  const input = new PassThrough();
  const output = new PassThrough();
  const heard: JsonObject[] = [];
  let text = '';
  output.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const message: unknown = JSON.parse(line);
      if (isJsonObject(message)) heard.push(message);
    }
  });
  const running = runBridge({
    url: new URL(url),
    ca: undefined,
    bearer: tokenOf('robot'),
    log: quiet,
    ...{ input, output },
    sleep: noWait,
    signal: new AbortController().signal,
    ...over,
  });
  const send = (message: JsonObject | string): void => {
    input.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  };
  const found = (id: string | number) => heard.find((each) => each.id === id && each.method === undefined);
  const answer = async (id: string | number): Promise<JsonObject> => {
    await until(() => found(id) !== undefined);
    return found(id) ?? {};
  };
  const ask: BridgeRig['ask'] = (id, method, params) => {
    send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
    return answer(id);
  };
  return {
    ...{ heard, send, ask, answer },
    hello: async () => {
      const clientInfo = { name: 'raw', version: '1' };
      const said = await ask('hello', 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
      send({ jsonrpc: '2.0', method: 'notifications/initialized' });
      return said;
    },
    end: async () => {
      input.end();
      await running;
    },
  };
}

/** Pauses up to the longest of a retry are none; the beat, which is longer than an attempt, waits for the end. */
const noWait = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  milliseconds < 10_000
    ? new Promise((resolve) => setImmediate(resolve))
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
