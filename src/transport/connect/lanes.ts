import type { Log } from '../../domain/environment.ts';
import { isJsonObject, type JsonObject } from '../../domain/json.ts';
import { errorMessage, isId, type RequestId, RpcError } from '../http/rpc.ts';
import type { Line } from '../lines.ts';
import { type ExchangeOptions, exchange, type Outgoing } from './exchange.ts';
import { answerOf, failureOf } from './failure.ts';
import { modernHeaders } from './modern-headers.ts';

export interface LanesOptions extends ExchangeOptions {
  readonly log: Log;
}

interface Lane {
  readonly controller: AbortController;
  /** The client does not want an answer any more. */
  silent: boolean;
}

type Message = Omit<Outgoing, 'signal'>;

/** What is on its way, each by itself: a held call holds up nothing. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #waiting = new Map<RequestId, Lane>();
  readonly #running = new Map<Lane, Promise<void>>();

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Requests of the client that have no answer yet. */
  get size(): number {
    return this.#waiting.size;
  }

  /** One line of the client. */
  take(line: Line): void {
    if (line.text.trim() === '') return;
    const parsed = line.tooLong ? undefined : parse(line.text);
    if (parsed === undefined) {
      this.#refuse(line);
      return;
    }
    const message = isJsonObject(parsed) ? parsed : undefined;
    const modern = message === undefined ? undefined : modernHeaders(message);
    const outgoing = { text: line.text, message, id: requestId(message), modern };
    const cancelled = cancelledBy(message);
    if (cancelled === undefined) this.#run(outgoing, false);
    else this.#cancel(cancelled, outgoing);
    if (message?.method === 'notifications/initialized') this.#options.session.listen();
  }

  /** A request of the bridge's own, whose answer nobody sees. */
  ping(id: string): void {
    const message = { jsonrpc: '2.0', id, method: 'ping' };
    this.#run({ text: JSON.stringify(message), message, id, modern: undefined }, true);
  }

  /** Resolves when nothing is on its way. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  abandon(): void {
    for (const { controller } of this.#running.keys()) controller.abort();
  }

  #run(outgoing: Message, own: boolean): void {
    const lane: Lane = { controller: new AbortController(), silent: own };
    const { id } = outgoing;
    if (id !== undefined && !own) this.#waiting.set(id, lane);
    this.#running.set(lane, this.#carried(outgoing, lane));
  }

  async #carried(outgoing: Message, lane: Lane): Promise<void> {
    const { emit } = this.#options;
    // MCP, "Cancellation": no answer to what was cancelled.
    const say = async (json: string): Promise<void> => {
      if (!lane.silent) await emit(json);
    };
    try {
      await exchange({ ...this.#options, emit: say }, { ...outgoing, signal: lane.controller.signal });
    } catch (thrown) {
      await this.#failed(outgoing, thrown, say);
    } finally {
      const { id } = outgoing;
      this.#running.delete(lane);
      if (id !== undefined && this.#waiting.get(id) === lane) this.#waiting.delete(id);
    }
  }

  async #failed({ id, message, modern }: Message, thrown: unknown, say: ExchangeOptions['emit']): Promise<void> {
    const failure = failureOf(thrown);
    const method = typeof message?.method === 'string' ? message.method : '';
    const { status } = failure;
    this.#options.log.warn('A message has no answer of the server', { method, status, cause: failure.message });
    if (id !== undefined) await say(answerOf(id, method, modern !== undefined, failure));
  }

  /** The server is told first; then the connection is closed too, should the cancellation have overtaken the request. */
  #cancel(id: RequestId, outgoing: Message): void {
    const lane = this.#waiting.get(id);
    if (lane === undefined) return;
    lane.silent = true;
    const { session } = this.#options;
    const tell = outgoing.modern === undefined && session.opened !== undefined;
    const { signal } = lane.controller;
    const told = tell ? exchange(this.#options, { ...outgoing, signal }) : Promise.resolve();
    void told.catch(() => undefined).finally(() => lane.controller.abort());
  }

  #refuse({ tooLong, bytes }: Line): void {
    const error = tooLong
      ? new RpcError(-32600, `The message has ${bytes} bytes, which is more than is sent. Split it into several calls.`)
      : new RpcError(-32700, 'Parse error: not a JSON-RPC message on one line');
    void this.#options.emit(errorMessage(null, error));
  }
}

const requestId = (message: JsonObject | undefined): RequestId | undefined =>
  message !== undefined && typeof message.method === 'string' && isId(message.id) ? message.id : undefined;

function cancelledBy(message: JsonObject | undefined): RequestId | undefined {
  if (message?.method !== 'notifications/cancelled' || !isJsonObject(message.params)) return undefined;
  return isId(message.params.requestId) ? message.params.requestId : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
