import type { ExecEnd } from '../domain/cluster.ts';
import type { Clock } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import type { Signal } from '../domain/hangup.ts';
import type { Frame } from '../domain/recording.ts';
import type { ExecSocket } from './exec-socket.ts';
import { type ExecStatus, parseExecStatus } from './exec-status.ts';

/** https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/remotecommand/constants.go */
const channels: readonly (Frame['channel'] | undefined)[] = ['stdin', 'stdout', 'stderr', 'status'];
const stdinChannel = 0;
const closeChannel = 255;
const stdinChunk = 32 * 1024;
/** After the status the server closes by itself; this long it is waited for. */
const closingMs = 1_000;

interface Input {
  readonly stdin?: string;
  readonly timeoutSeconds: number;
}

/**
 * Moves frames between an open, paused socket and `onFrame`, which sees stdin too. While its promise is pending nothing more
 * is read, so a slow recorder slows the program down. A rejection of `onFrame` ends the session and is what this rejects with.
 */
export function runStream(
  socket: ExecSocket,
  input: Input,
  clock: Clock,
  onFrame: (frame: Frame) => Promise<void>,
  signal: Signal,
): Promise<ExecEnd> {
  return new ExecStream(socket, clock, onFrame).run(input, signal);
}

/** With the reason where it is one of ours, such as a suspension. */
const endedBy = (reason: unknown): string =>
  `Countersign ended the session${reason instanceof CountersignError ? `: ${reason.message}` : ''}`;

class ExecStream {
  readonly #socket: ExecSocket;
  readonly #clock: Clock;
  readonly #onFrame: (frame: Frame) => Promise<void>;
  #queue: Promise<void> = Promise.resolve();
  #queued = 0;
  #failure: { readonly error: unknown } | undefined;
  #status: ExecStatus | undefined;
  #timedOut = false;
  #why = 'the connection ended without a status';

  constructor(socket: ExecSocket, clock: Clock, onFrame: (frame: Frame) => Promise<void>) {
    this.#socket = socket;
    this.#clock = clock;
    this.#onFrame = onFrame;
  }

  async run(input: Input, signal: Signal): Promise<ExecEnd> {
    const socket = this.#socket;
    const closed = new Promise<void>((resolve) => {
      if (socket.readyState === socket.CLOSED) resolve();
      else socket.once('close', () => resolve());
    });
    socket.on('message', (data, isBinary) => this.#received(data, isBinary));
    const timeout = setTimeout(() => this.#end('the time was over', true), input.timeoutSeconds * 1_000);
    const onAbort = (): void => this.#end(endedBy(signal.reason), false);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    socket.resume();
    if (input.stdin !== undefined) this.#send(Buffer.from(input.stdin));
    await closed;
    clearTimeout(timeout);
    signal.removeEventListener('abort', onAbort);
    // frames that came before the end are still on their way to the recorder
    await this.#queue;
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#outcome();
  }

  #outcome(): ExecEnd {
    if (this.#status !== undefined) return { ...this.#status, timedOut: false };
    return { exitCode: undefined, timedOut: this.#timedOut, reason: this.#why };
  }

  #end(why: string, timedOut: boolean): void {
    if (this.#status === undefined) {
      this.#why = why;
      this.#timedOut = timedOut;
    }
    this.#socket.terminate();
  }

  #received(data: unknown, isBinary: boolean): void {
    // text frames, empty ones and channels that we do not know mean nothing to us
    if (!isBinary || !Buffer.isBuffer(data) || data.length < 2) return;
    const channel = channels[data[0] ?? closeChannel];
    if (channel === undefined || channel === 'stdin') return;
    const bytes = data.subarray(1);
    if (channel === 'status') this.#finished(bytes);
    this.#hand({ channel, bytes, time: this.#clock.now() });
  }

  #finished(bytes: Buffer): void {
    this.#status ??= parseExecStatus(bytes.toString('utf8'));
    setTimeout(() => this.#socket.terminate(), closingMs).unref();
  }

  /** In order, one at a time; the socket rests while any is being taken. */
  #hand(frame: Frame): void {
    this.#queued += 1;
    this.#socket.pause();
    this.#queue = this.#queue.then(async () => {
      try {
        if (this.#failure === undefined) await this.#onFrame(frame);
      } catch (error) {
        this.#failure = { error };
        this.#end('the session could not be recorded', false);
      }
      this.#queued -= 1;
      // In a turn of its own: while a socket has more, its library reads on and on, and nobody else is served.
      if (this.#queued === 0) setImmediate(() => this.#goOn());
    });
  }

  #goOn(): void {
    if (this.#queued === 0) this.#socket.resume();
  }

  /** Recorded first, then sent, then closed: `255, channel` is the half-close of v5. */
  #send(stdin: Buffer): void {
    this.#hand({ channel: 'stdin', bytes: stdin, time: this.#clock.now() });
    this.#queue = this.#queue.then(() => {
      if (this.#failure !== undefined || this.#socket.readyState !== this.#socket.OPEN) return;
      for (let from = 0; from < stdin.length; from += stdinChunk) {
        this.#socket.send(Buffer.concat([Buffer.of(stdinChannel), stdin.subarray(from, from + stdinChunk)]));
      }
      this.#socket.send(Buffer.of(closeChannel, stdinChannel));
    });
  }
}
