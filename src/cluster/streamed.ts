import type { Dispatcher } from 'undici';
import type { Signal } from '../domain/hangup.ts';
import type { ApiResponse } from './answer.ts';
import { ConnectionFailure } from './connection-failure.ts';
import { type Watched, watch } from './watch.ts';

export interface StreamLimits {
  /** Milliseconds until the first byte of the answer, and between two of them. */
  readonly silenceMs: number;
  /** Milliseconds for all of it. */
  readonly wholeMs: number;
  /** Called when a 2xx begins. */
  readonly opened?: () => void;
}

export interface StreamEnd {
  /** An answer that is no success, whole; undefined: it was one, and its body went to `onChunk`. */
  readonly refused: ApiResponse | undefined;
  /** The body broke off: what came is its beginning. */
  readonly cut: boolean;
}

/** Of a refusal: a Status is small. */
const mostRefusal = 1_000_000;

/** Gives the body of a 2xx away as it comes, and keeps none of it. Ended by silence, by its time, or by the signal. */
export class Streamed implements Dispatcher.DispatchHandler, Watched {
  over = false;
  readonly #limits: StreamLimits;
  readonly #signal: Signal;
  readonly #onChunk: (bytes: Uint8Array) => void;
  readonly #resolve: (end: StreamEnd) => void;
  readonly #reject: (failure: unknown) => void;
  readonly #until: number;
  #heard = performance.now();
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #contentType = '';
  #refusal: Buffer[] = [];
  #refusalBytes = 0;

  constructor(
    limits: StreamLimits,
    signal: Signal,
    onChunk: (bytes: Uint8Array) => void,
    resolve: (end: StreamEnd) => void,
    reject: (failure: unknown) => void,
  ) {
    this.#limits = limits;
    this.#signal = signal;
    this.#onChunk = onChunk;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#until = this.#heard + limits.wholeMs;
    watch.add(this);
    if (signal.aborted) this.#fail(new ConnectionFailure('cancelled', false));
  }

  get #succeeds(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }

  look(now: number): void {
    if (this.#signal.aborted) this.#fail(new ConnectionFailure('cancelled', true));
    else if (now >= this.#until || now >= this.#heard + this.#limits.silenceMs)
      this.#fail(new ConnectionFailure('it takes too long', true));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.over) controller.abort(new Error('given up'));
    else this.#controller = controller;
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    this.#heard = performance.now();
    this.#contentType = String(headers['content-type'] ?? '');
    if (this.#succeeds && !this.over) this.#limits.opened?.();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#heard = performance.now();
    if (!this.#succeeds) {
      this.#refusalBytes += chunk.length;
      if (this.#refusalBytes <= mostRefusal) this.#refusal.push(chunk);
      return;
    }
    try {
      this.#onChunk(chunk);
    } catch (thrown) {
      if (this.#end()) this.#reject(thrown);
      controller.abort(new Error('given up'));
      return;
    }
    this.#rest(controller);
  }

  /** What has arrived would be read on end, some 2 MB at a time, and every other call would wait for as long as they are masked. */
  #rest(controller: Dispatcher.DispatchController): void {
    controller.pause();
    setImmediate(() => {
      if (!this.over) controller.resume();
    });
  }

  onResponseEnd(): void {
    if (!this.#end()) return;
    const text = Buffer.concat(this.#refusal).toString('utf8');
    const said = { contentType: this.#contentType, text, warnings: [], retryAfter: undefined };
    this.#resolve({ refused: this.#succeeds ? undefined : { status: this.#status, ...said }, cut: false });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (!this.#end()) return;
    if (this.#succeeds) this.#resolve({ refused: undefined, cut: true });
    else this.#reject(ConnectionFailure.of(error, true, this.#status === 0));
  }

  /** Of a body that has begun, what came counts. */
  #fail(failure: ConnectionFailure): void {
    if (!this.#end()) return;
    if (this.#succeeds && !this.#signal.aborted) this.#resolve({ refused: undefined, cut: true });
    else this.#reject(failure);
    this.#controller?.abort(failure);
  }

  #end(): boolean {
    if (this.over) return false;
    this.over = true;
    watch.remove(this);
    return true;
  }
}
