import type { Dispatcher } from 'undici';
import type { Signal } from '../domain/hangup.ts';
import { ConnectionFailure } from './connection-failure.ts';
import { type Watched, watch } from './watch.ts';

export interface ApiResponse {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** Texts of `Warning` headers, raw. */
  readonly warnings: readonly string[];
  /** Seconds, from `Retry-After`. */
  readonly retryAfter: number | undefined;
}

/** Beyond this an answer is refused: it would be parsed in one piece. */
const maxAnswerBytes = 32 * 1024 * 1024;

/**
 * Collects one answer. It knows whether the request began to leave: that decides between Unavailable and Unknown.
 * One deadline covers waiting for a connection, sending, headers and body.
 */
export class Answer implements Dispatcher.DispatchHandler, Watched {
  over = false;
  readonly #mutates: boolean;
  readonly #signal: Signal;
  readonly #resolve: (response: ApiResponse) => void;
  readonly #reject: (failure: ConnectionFailure) => void;
  readonly #deadlineMs: number;
  readonly #until: number;
  #controller: Dispatcher.DispatchController | undefined;
  #sent = false;
  #status = 0;
  #headers: Record<string, string | string[] | undefined> = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    deadlineMs: number,
    mutates: boolean,
    signal: Signal,
    resolve: (response: ApiResponse) => void,
    reject: (failure: ConnectionFailure) => void,
  ) {
    this.#mutates = mutates;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#deadlineMs = deadlineMs;
    this.#until = performance.now() + deadlineMs;
    watch.add(this);
    if (signal.aborted) this.#fail(new ConnectionFailure('cancelled', this.#sent));
  }

  look(now: number): void {
    // whoever hangs up wants the outcome of a mutation that was sent all the more
    if (this.#signal.aborted && !(this.#mutates && this.#sent))
      this.#fail(new ConnectionFailure('cancelled', this.#sent));
    else if (now >= this.#until)
      this.#fail(new ConnectionFailure(`no answer within ${this.#deadlineMs / 1000} s`, this.#sent));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // given up while it waited for a connection: it must not leave now
    if (this.over) {
      controller.abort(new Error('given up'));
      return;
    }
    this.#controller = controller;
    this.#sent = true;
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > maxAnswerBytes) {
      const words = `the answer is larger than ${maxAnswerBytes / 1024 / 1024} MB; ask for less (limit, selector)`;
      this.#fail(new ConnectionFailure(words, this.#sent));
    } else {
      this.#chunks.push(chunk);
    }
  }

  onResponseEnd(): void {
    if (!this.#end()) return;
    const only = this.#chunks[0];
    const whole = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
    const retryAfter = Number(first(this.#headers['retry-after']) ?? 'none');
    this.#resolve({
      status: this.#status,
      contentType: first(this.#headers['content-type']) ?? '',
      text: whole.toString('utf8'),
      warnings: all(this.#headers.warning).flatMap(warningTexts),
      retryAfter: Number.isInteger(retryAfter) ? retryAfter : undefined,
    });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#end()) this.#reject(ConnectionFailure.of(error, this.#sent, this.#status === 0));
  }

  #fail(failure: ConnectionFailure): void {
    if (!this.#end()) return;
    this.#reject(failure);
    this.#controller?.abort(failure);
  }

  /** Whether this is the first end. */
  #end(): boolean {
    if (this.over) return false;
    this.over = true;
    watch.remove(this);
    return true;
  }
}

const all = (header: string | string[] | undefined): readonly string[] =>
  header === undefined ? [] : typeof header === 'string' ? [header] : header;
const first = (header: string | string[] | undefined): string | undefined => all(header)[0];

/** `299 - "text"`, several in one line possible. https://www.rfc-editor.org/rfc/rfc7234#section-5.5 */
const warningTexts = (header: string): readonly string[] =>
  Array.from(header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g), (match) => (match[1] ?? '').replace(/\\(.)/g, '$1'));
