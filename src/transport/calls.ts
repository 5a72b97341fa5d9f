import type { Log } from '../domain/environment.ts';
import { toCountersignError } from '../domain/errors.ts';
import { Hangup, type Signal } from '../domain/hangup.ts';
import type { Invocation, Invoke } from '../domain/invocation.ts';
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts';
import { ident, type Masked, open } from '../domain/masked.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Principal } from '../domain/principal.ts';
import type { AnyTool } from '../domain/tool.ts';
import { malformedCall, refusalWithoutGate } from './own-outcomes.ts';
import { present } from './present.ts';
import { type RequestId, rpcError } from './stdio-wire.ts';
import type { WaitBudget } from './wait-budget.ts';

/** The tools, and what the configuration says about calls. */
export interface CallSettings {
  readonly tools: readonly AnyTool[];
  /** Before each published name (`k8s_`), for clients that do not name the server; empty: none. */
  readonly prefix: string;
  /** Who is calling; asked for each call. */
  readonly principal: () => Principal;
  /** Milliseconds that a call of this client may wait for a person. */
  readonly waitBudget: WaitBudget;
}

export interface CallOptions {
  readonly invoke: Invoke;
  /** The configuration is read while the client already has its answer to `initialize`. Never rejects. */
  readonly settings: () => CallSettings | Promise<CallSettings>;
  readonly client: () => { readonly name: string; readonly version: string };
  readonly write: (json: string) => void;
  readonly log: Log;
}

export interface Calls {
  /** Takes the message if it is a tool call; the answer is written when it is there. */
  take(message: JsonObject, bytes: number): boolean;
  /** The client does not wait any more: waits detach, and no answer is sent (MCP, "Cancellation"). */
  cancel(id: RequestId): void;
  /** The client is gone: every wait detaches. Resolves when all calls under way have ended. */
  detach(): Promise<void>;
}

/**
 * `tools/call`, from the raw message to the answer on the wire, without the SDK's three validation passes: the gate checks the
 * input by the tool's own schema, and what we answer is made here.
 */
export function createCalls(options: CallOptions): Calls {
  const running = new Map<RequestId, Hangup>();
  /** Calls under way, also those whose client has cancelled; who waits for the last to end. */
  let underWay = 0;
  let ended: (() => void)[] = [];
  /** A tool that is not there goes to the gate by the name it came with: the gate says so and records it. */
  const toolName = (published: string, { tools, prefix }: CallSettings): string =>
    tools.find(({ name }) => published.length === prefix.length + name.length && published === prefix + name)?.name ??
    published;

  /** One frame for the whole call: thousands may be waiting. */
  const answer = async (id: RequestId, params: JsonObject, bytes: number, hangup: Hangup): Promise<void> => {
    underWay += 1;
    let outcome: Outcome;
    const name = params.name;
    try {
      const found = options.settings();
      const settings = found instanceof Promise ? await found : found;
      outcome =
        typeof name === 'string'
          ? await options.invoke(invocation(settings, name, params, bytes, hangup))
          : malformedCall();
    } catch (thrown) {
      options.log.error('A call failed in a way that it must not', { tool: String(name), cause: String(thrown) });
      outcome = refusalWithoutGate(toCountersignError(thrown));
    }
    const cancelled = running.get(id) !== hangup;
    if (!cancelled) {
      running.delete(id);
      write(id, outcome);
    }
    underWay -= 1;
    if (underWay > 0) return;
    for (const resolve of ended) resolve();
    ended = [];
  };

  const write = (id: RequestId, outcome: Outcome): void => {
    try {
      options.write(resultLine(id, outcome));
    } catch (thrown) {
      options.log.error('An answer could not be made', { cause: String(thrown) });
      options.write(resultLine(id, refusalWithoutGate(toCountersignError(thrown))));
    }
  };

  const invocation = (
    settings: CallSettings,
    name: string,
    params: JsonObject,
    bytes: number,
    signal: Signal,
  ): Invocation => {
    const token = progressToken(params);
    const client = options.client();
    return {
      tool: toolName(name, settings),
      input: params.arguments ?? {},
      inputBytes: bytes,
      principal: settings.principal(),
      client,
      signal,
      progress: token === undefined ? undefined : progressNotes(token, signal, options.write),
      waitBudget: settings.waitBudget(client.name, token !== undefined),
    };
  };

  return {
    take: (message, bytes) => {
      if (message.method !== 'tools/call') return false;
      const { id, params } = message;
      if (typeof id !== 'string' && typeof id !== 'number') return true;
      if (running.has(id))
        options.write(rpcError(id, -32600, `The id ${JSON.stringify(id)} is in use by another request`));
      else {
        const hangup = new Hangup();
        running.set(id, hangup);
        void answer(id, isJsonObject(params) ? params : {}, bytes, hangup);
      }
      return true;
    },
    cancel: (id) => {
      const hangup = running.get(id);
      running.delete(id);
      hangup?.abort();
    },
    detach: async () => {
      for (const hangup of running.values()) hangup.abort();
      if (underWay > 0) await new Promise<void>((resolve) => ended.push(resolve));
    },
  };
}

const resultLine = (id: RequestId, outcome: Outcome): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${present(outcome)}}`;

export function progressToken(params: JsonObject): string | number | undefined {
  const meta: Json | undefined = params._meta;
  const token = isJsonObject(meta) ? meta.progressToken : undefined;
  return typeof token === 'string' || typeof token === 'number' ? token : undefined;
}

/** A client shows a note on one line. */
const noteCharacters = 200;

/** Increasing numbers, as the protocol wants; nothing after the client stopped listening. */
export function progressNotes(token: string | number, signal: Signal, write: (json: string) => void) {
  let progress = 0;
  return (note: Masked<string>): void => {
    if (signal.aborted) return;
    progress += 1;
    const all = Array.from(open(note));
    const message = all.length <= noteCharacters ? all.join('') : `${all.slice(0, noteCharacters - 1).join('')}…`;
    const params = { progressToken: token, progress, message };
    write(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params }));
  };
}

export const clientNamed = (
  name: string | undefined,
  version: string | undefined,
): { name: string; version: string } => ({
  name: ident(name ?? 'unknown'),
  version: ident(version ?? 'unknown'),
});
