import type { IncomingMessage } from 'node:http';
import type { Log } from '../../domain/environment.ts';
import { isJsonObject, type Json, stringAt } from '../../domain/json.ts';
import { type Courier, refusal, type Sleep } from './courier.ts';
import { createEventParser } from './event-parser.ts';
import { Failure } from './failure.ts';
import { textOf } from './http-client.ts';

/** What the server knows this client by. `id` is undefined where the server keeps no sessions. */
export interface Opened {
  readonly id: string | undefined;
  readonly revision: string;
}

export interface SessionOptions {
  readonly courier: Courier;
  readonly log: Log;
  readonly sleep: Sleep;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** A message of the server that answers nothing. */
  readonly heard: (json: string) => Promise<void>;
}

export const accept = 'application/json, text/event-stream';

/** Milliseconds until a broken listening stream is opened again; the last one stays. */
const pauses = [1_000, 2_000, 5_000, 15_000, 30_000];
const initialized = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** The session of one client: begun by its `initialize`, and begun again when the server has forgotten it. */
export class RemoteSession {
  readonly #options: SessionOptions;
  #opened: Opened | undefined;
  #hello: string | undefined;
  #reopening: Promise<void> | undefined;
  #listener: AbortController | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get opened(): Opened | undefined {
    return this.#opened;
  }

  headers(): Readonly<Record<string, string>> {
    const { id, revision } = this.#opened ?? {};
    return {
      ...(id === undefined ? {} : { 'mcp-session-id': id }),
      ...(revision === undefined ? {} : { 'mcp-protocol-version': revision }),
    };
  }

  /** Takes over what the answer to `initialize` says. @throws Failure for what is none */
  begin(initialize: string, answer: IncomingMessage, body: string): void {
    this.#opened = openedBy(answer, body);
    this.#hello = initialize;
  }

  /** The server does not know `lost` any more: says hello again as the client did, once for all who ask. @throws Failure */
  async reopen(lost: Opened): Promise<void> {
    if (this.#opened !== lost) return;
    this.#reopening ??= this.#helloAgain(lost).finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  /** Opens the stream for what the server says unasked, and keeps it open. */
  listen(): void {
    this.#listener?.abort();
    this.#listener = undefined;
    if (this.#opened?.id === undefined) return;
    this.#listener = new AbortController();
    void this.#keepListening(AbortSignal.any([this.#options.signal, this.#listener.signal]));
  }

  /** Tells the server that the client has gone. Never throws. */
  async end(signal: AbortSignal): Promise<void> {
    const { courier, log } = this.#options;
    this.#listener?.abort();
    if (this.#opened?.id === undefined) return;
    await courier.send({ method: 'DELETE', headers: this.headers(), signal }).then(
      (answer) => answer.resume(),
      () => log.warn('The server could not be told that the client has gone; its session ends by itself'),
    );
  }

  async #helloAgain(lost: Opened): Promise<void> {
    if (this.#hello === undefined) return;
    const answer = await this.#post(this.#hello, {});
    if (answer.statusCode !== 200) throw await refusal(answer);
    const again = openedBy(answer, await helloIn(answer));
    if (again.revision !== lost.revision)
      throw new Failure(
        'unavailable',
        `The server speaks ${again.revision} now`,
        'tell the user to restart the client',
      );
    this.#opened = again;
    (await this.#post(initialized, this.headers())).resume();
    this.#options.log.info('The server had forgotten the session; a new one was begun');
    this.listen();
  }

  #post(body: string, more: Readonly<Record<string, string>>): Promise<IncomingMessage> {
    const { courier, signal } = this.#options;
    const headers = { 'content-type': 'application/json', accept, ...more };
    return courier.send({ method: 'POST', headers, body, signal });
  }

  async #keepListening(own: AbortSignal): Promise<void> {
    for (let n = 0; !own.aborted; n++) {
      if ((await this.#hear(own).catch(() => 'again')) === 'over') return;
      await this.#options.sleep(pauses[Math.min(n, pauses.length - 1)] ?? 0, own);
    }
  }

  /** One connection to its end. */
  async #hear(signal: AbortSignal): Promise<'over' | 'again'> {
    const headers = { accept: 'text/event-stream', ...this.headers() };
    const answer = await this.#options.courier.send({ method: 'GET', headers, signal });
    if (answer.statusCode !== 200) {
      answer.resume();
      // 405: it says nothing unasked. 404: the next request begins a new session, and with it a new stream.
      return answer.statusCode === 405 || answer.statusCode === 404 ? 'over' : 'again';
    }
    const parser = createEventParser();
    answer.setEncoding('utf8');
    for await (const text of answer as AsyncIterable<string>)
      for (const { data } of parser.push(text)) if (data !== '') await this.#options.heard(data);
    return 'again';
  }
}

/** The answer to `initialize`, as a body or as the last event of a stream. */
async function helloIn(answer: IncomingMessage): Promise<string> {
  const text = await textOf(answer);
  if (!(answer.headers['content-type'] ?? '').startsWith('text/event-stream')) return text;
  return createEventParser().push(text).at(-1)?.data ?? '';
}

/** @throws Failure for what is no answer to `initialize` */
function openedBy(answer: IncomingMessage, body: string): Opened {
  const id = answer.headers['mcp-session-id'];
  const revision = stringAt(resultIn(body), 'protocolVersion');
  if (revision === undefined || !/^[\x21-\x7e]{1,32}$/.test(revision))
    throw new Failure('unavailable', 'The server does not answer initialize as MCP says', 'tell the user');
  return { id: typeof id === 'string' ? id : undefined, revision };
}

function resultIn(body: string): Json | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isJsonObject(parsed) ? parsed.result : undefined;
  } catch {
    return undefined;
  }
}
