import type { ServerResponse } from 'node:http';
import type { EventStore, KeptStream } from './event-store.ts';
import { type EventStream, openEventStream } from './event-stream.ts';

/** Milliseconds without an answer after which a plain answer becomes a stream: clients give up on a response that does not begin. */
const patience = 1_000;
const keepAliveEvery = 15_000;

export interface ReplyOptions {
  readonly response: ServerResponse;
  /** Whether the client takes an event stream. */
  readonly streams: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the messages are kept for a client that comes back; undefined: it cannot. */
  readonly kept: { readonly store: EventStore; readonly session: string } | undefined;
  readonly now: number;
}

/**
 * The answer to one POST. It is one JSON object if it is there at once, and becomes an event stream when there is something to
 * say before, or after a second. What is written while nobody listens is kept where the session can come back for it.
 */
export class Reply {
  readonly #options: ReplyOptions;
  #stream: EventStream | undefined;
  #kept: KeptStream | undefined;
  #listener: KeptStream['listener'];
  #spokeAt: number;
  #open = true;
  /** The connection was closed on purpose. */
  released = false;

  constructor(options: ReplyOptions) {
    this.#options = options;
    this.#spokeAt = options.now;
  }

  /** Once a second. */
  tick(now: number): void {
    if (!this.#open) return;
    if (this.#stream === undefined && now - this.#spokeAt >= patience) this.#becomeStream();
    else if (this.#stream !== undefined && now - this.#spokeAt >= keepAliveEvery) this.#stream.keepAlive();
    else return;
    this.#spokeAt = now;
  }

  /** A message before the last one; without a stream to put it on it is dropped, as it may be. */
  send(json: string): void {
    if (this.#options.streams) this.#becomeStream();
    if (this.#stream === undefined) return;
    if (this.#kept === undefined) this.#stream.message(json, undefined);
    else this.#keep(json);
  }

  finish(json: string, status = 200): void {
    if (this.#stream === undefined) this.#whole(json, status);
    else if (this.#kept === undefined) {
      this.#stream.message(json, undefined);
      this.#stream.end();
    } else {
      this.#kept.done = true;
      this.#keep(json);
    }
    this.#open = false;
  }

  /** Nobody waits for it any more: nothing is said, but a stream that could be resumed needs an end that says so. */
  cancelled(json: string): void {
    const { response } = this.#options;
    if (this.#stream !== undefined) this.finish(json);
    else if (!response.headersSent && !response.destroyed) response.writeHead(202).end();
    this.#open = false;
  }

  /** The connection is gone: what is still said is kept for a client that comes back. True when nobody listens now. */
  lost(): boolean {
    const stream = this.#kept;
    // A client that came back before we saw it go listens already.
    if (stream !== undefined && stream.listener === this.#listener) stream.listener = undefined;
    return stream?.listener === undefined;
  }

  /** Closes the connection on purpose: the client comes back for the rest. */
  release(): void {
    if (this.#options.kept === undefined || !this.#options.streams) return;
    this.#becomeStream();
    this.released = true;
    this.lost();
    this.#stream?.end();
  }

  #becomeStream(): void {
    if (this.#stream !== undefined || !this.#options.streams) return;
    const { response, headers, kept } = this.#options;
    if (kept === undefined) this.#stream = openEventStream(response, undefined, headers);
    else {
      const stream = kept.store.begin(kept.session);
      this.#kept = stream;
      const wire = openEventStream(response, `${stream.key}.0`, headers);
      this.#listener = (message, sequence) => {
        wire.message(message, `${stream.key}.${sequence}`);
        if (stream.done) wire.end();
      };
      stream.listener = this.#listener;
      this.#stream = wire;
    }
  }

  #keep(json: string): void {
    const stream = this.#kept;
    if (stream === undefined || this.#options.kept === undefined) return;
    // Kept in any case: who is not there now may come back.
    const sequence = this.#options.kept.store.add(stream, json);
    stream.listener?.(json, sequence);
  }

  #whole(json: string, status: number): void {
    const { response, headers } = this.#options;
    if (response.writableEnded || response.destroyed) return;
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(json),
      ...headers,
    });
    response.end(json);
  }
}
