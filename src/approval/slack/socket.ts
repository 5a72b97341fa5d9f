import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { Log } from '../../domain/environment.ts';
import { inTime, isSubmission } from './payloads.ts';

/**
 * Socket Mode, the app's side, on `ws`. Not `@slack/socket-mode`: it loads all of undici a second time, does not say how many
 * connections there are, and waits five seconds and more before it connects again, in which clicks are lost for good.
 * https://docs.slack.dev/apis/events-api/using-socket-mode
 */
export interface SocketMode {
  start(): void;
  stop(): void;
  /** Slack has greeted us and answers. */
  readonly connected: boolean;
  /** As Slack counted them when it greeted us last; undefined before. */
  readonly connections: number | undefined;
}

export interface SocketOptions {
  /** A fresh address, from `apps.connections.open`. */
  readonly url: () => Promise<string>;
  /** Acknowledged before, but for what a person typed into a modal; never rejects. */
  readonly receive: (type: string, payload: unknown) => Promise<void>;
  /** Slack has greeted a connection: whatever was sent before may have been missed. */
  readonly greeted: () => void;
  readonly log: Log;
  readonly pace?: Partial<Pace>;
}

/** All in milliseconds. */
export interface Pace {
  readonly pingEvery: number;
  readonly firstRetry: number;
  readonly lastRetry: number;
}
const usual: Pace = { pingEvery: 5_000, firstRetry: 250, lastRetry: 30_000 };

/** Pings in a row without any sign, after which a connection is taken for half open and cut. */
const mostUnanswered = 3;
/** Pings until Slack must have greeted. */
const greetedWithin = 6;

/** A payload has a message in it, which is at most some 100 kB. */
const longestFrame = 4_000_000;

const frameSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), num_connections: z.number().default(1) }),
  z.object({ type: z.literal('disconnect'), reason: z.string().default('') }),
  z.object({
    type: z.enum(['interactive', 'events_api', 'slash_commands']),
    envelope_id: z.string(),
    payload: z.unknown(),
  }),
]);

export function createSocketMode(options: SocketOptions): SocketMode {
  const pace = { ...usual, ...options.pace };
  return new Connections(options, pace);
}

class Connections implements SocketMode {
  readonly #options: SocketOptions;
  readonly #pace: Pace;
  readonly #open = new Set<WebSocket>();
  /** Those that Slack has greeted. */
  readonly #met = new WeakSet<WebSocket>();
  /** The one that was greeted last; older ones run out beside it. */
  #current: WebSocket | undefined;
  /** The one that is being opened and is not greeted yet. */
  #next: { socket?: WebSocket } | undefined;
  #running = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  connections: number | undefined;

  constructor(options: SocketOptions, pace: Pace) {
    this.#options = options;
    this.#pace = pace;
  }

  get connected(): boolean {
    return this.#current !== undefined;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#failures = 0;
    this.#connect();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#current = undefined;
    this.#next = undefined;
    for (const socket of this.#open) hangUp(socket);
    this.#open.clear();
  }

  #connect(): void {
    if (!this.#running || this.#next !== undefined || this.#retry !== undefined) return;
    const next = {};
    this.#next = next;
    this.#dial(next).catch((thrown: unknown) => {
      if (this.#next !== next) return;
      this.#next = undefined;
      this.#failed(String(thrown));
    });
  }

  #failed(cause: string): void {
    if (!this.#running || this.#retry !== undefined) return;
    const { firstRetry, lastRetry } = this.#pace;
    const wait = Math.min(lastRetry, firstRetry * 2 ** this.#failures++);
    this.#options.log.warn('no connection to Slack', { cause, retryIn: wait });
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#connect();
    }, wait).unref();
  }

  async #dial(next: { socket?: WebSocket }): Promise<void> {
    const url = new URL(await this.#options.url());
    const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
    if (url.protocol !== 'wss:' && !(loopback && url.protocol === 'ws:'))
      throw new Error('Slack named no wss:// address');
    const { WebSocket: Socket } = await import('ws');
    // Stopped meanwhile, and perhaps started again.
    if (this.#next !== next) return;
    const socket = new Socket(url, { handshakeTimeout: 5_000, maxPayload: longestFrame, perMessageDeflate: false });
    next.socket = socket;
    this.#open.add(socket);
    const stopWatching = this.#watch(socket);
    socket.on('message', (data) => this.#frame(socket, String(data)));
    socket.on('error', (error) => this.#options.log.warn('the connection to Slack failed', { cause: error.message }));
    socket.on('close', () => {
      stopWatching();
      // One that was let go by `stop` is nobody's loss.
      if (!this.#open.delete(socket)) return;
      if (this.#current === socket) this.#current = undefined;
      if (this.#next === next) this.#next = undefined;
      if (this.#current === undefined && this.#next === undefined) this.#failed('closed');
    });
  }

  /**
   * A half-open connection looks like a quiet one; only a ping tells them apart. Pings are counted and not time, so that a
   * process that stood still does not cut a good connection.
   */
  #watch(socket: WebSocket): () => void {
    let unanswered = 0;
    let rounds = 0;
    for (const event of ['open', 'message', 'ping', 'pong'] as const)
      socket.on(event, () => {
        unanswered = 0;
      });
    const timer = setInterval(() => {
      rounds++;
      if (unanswered >= mostUnanswered || (rounds > greetedWithin && !this.#met.has(socket))) socket.terminate();
      else if (socket.readyState === socket.OPEN) {
        unanswered++;
        socket.ping();
      }
    }, this.#pace.pingEvery).unref();
    return () => clearInterval(timer);
  }

  #frame(socket: WebSocket, text: string): void {
    const frame = readFrame(text);
    if (frame === undefined) this.#options.log.debug('Slack sent what is not understood');
    else if (frame.type === 'hello') this.#greeted(socket, frame.num_connections);
    else if (frame.type === 'disconnect') this.#asked(socket, frame.reason);
    else {
      // First the acknowledgement: Slack waits three seconds for it and shows the person a fault after that.
      const { envelope_id, type, payload } = frame;
      const acknowledge = (): void => {
        if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ envelope_id }));
      };
      if (isSubmission(payload)) void inTime(this.#options.receive(type, payload)).then(acknowledge);
      else {
        acknowledge();
        void this.#options.receive(type, payload);
      }
    }
  }

  #greeted(socket: WebSocket, connections: number): void {
    const own = this.#open.size;
    this.#met.add(socket);
    this.#current = socket;
    if (this.#next?.socket === socket) this.#next = undefined;
    this.#failures = 0;
    this.connections = connections;
    if (connections > own)
      this.#options.log.warn('another connection of the Slack app gets a part of the votes', { connections, own });
    this.#options.greeted();
  }

  /** The next one opens beside this one, which Slack closes by itself: no gap. */
  #asked(socket: WebSocket, reason: string): void {
    if (reason === 'link_disabled') this.#options.log.error('Socket Mode is switched off for the Slack app');
    else if (socket === this.#current) this.#connect();
  }
}

/** Slack does not always answer a close. */
function hangUp(socket: WebSocket): void {
  const late = setTimeout(() => socket.terminate(), 1_000);
  socket.once('close', () => clearTimeout(late));
  socket.close(1000);
}

function readFrame(text: string): z.output<typeof frameSchema> | undefined {
  try {
    return frameSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
