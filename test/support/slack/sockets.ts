import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { World } from './world.ts';

export interface Delivery {
  /** Whether the app acknowledged within Slack's three seconds. */
  readonly acked: boolean;
  /** What it answered with its acknowledgement. */
  readonly answer: unknown;
}

/** Socket Mode, the server's side. https://docs.slack.dev/apis/events-api/using-socket-mode */
export interface Sockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** To one connection, as Slack does. Nobody connected, or no acknowledgement in time: `acked` false, not sent again. */
  deliver(type: 'interactive' | 'events_api', payload: object): Promise<Delivery>;
  /** Tells each connection to go, and closes it. */
  disconnect(reason: 'refresh_requested' | 'warning' | 'link_disabled'): void;
  /** Any text, to all. */
  sendRaw(text: string): void;
  /** Cuts them without a word. */
  cut(): void;
  /** From now on the connections that are open get nothing and answer no ping, and stay open. */
  freeze(): void;
  readonly count: number;
  /** Resolves when so many are connected and greeted. */
  connected(count?: number): Promise<void>;
}

export function createSockets(world: World, ackWithin: number): Sockets {
  const server = new WebSocketServer({ noServer: true, autoPong: false });
  const open = new Set<WebSocket>();
  const frozen = new Set<WebSocket>();
  const waiting = new Map<string, (delivery: Delivery) => void>();
  const watchers = new Set<() => void>();
  let turn = 0;
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      open.delete(socket);
      frozen.delete(socket);
    });
    socket.on('ping', (data) => !frozen.has(socket) && socket.pong(data));
    socket.on('message', (data) => {
      if (frozen.has(socket)) return;
      const { envelope_id, payload } = JSON.parse(String(data));
      waiting.get(envelope_id)?.({ acked: true, answer: payload });
    });
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: open.size,
        debug_info: { host: 'applink-1', build_number: 1, approximate_connection_time: 18_060 },
        connection_info: { app_id: world.appId },
      }),
    );
    for (const look of watchers) look();
  });
  return {
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (made) => server.emit('connection', made)),
    deliver: (type, payload) => {
      const live = [...open];
      const socket = live[turn++ % Math.max(1, live.length)];
      if (socket === undefined || frozen.has(socket)) return Promise.resolve({ acked: false, answer: undefined });
      const envelope_id = world.id('envelope-');
      return new Promise((resolve) => {
        const done = (delivery: Delivery): void => {
          clearTimeout(late);
          waiting.delete(envelope_id);
          resolve(delivery);
        };
        const late = setTimeout(() => done({ acked: false, answer: undefined }), ackWithin);
        socket.once('close', () => done({ acked: false, answer: undefined }));
        waiting.set(envelope_id, done);
        socket.send(JSON.stringify({ envelope_id, type, payload, accepts_response_payload: type === 'interactive' }));
      });
    },
    disconnect: (reason) => {
      for (const socket of open) {
        socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'applink-1' } }));
        if (reason !== 'warning') socket.close(1000);
      }
    },
    sendRaw: (text) => {
      for (const socket of open) socket.send(text);
    },
    cut: () => {
      for (const socket of open) socket.terminate();
    },
    freeze: () => {
      for (const socket of open) frozen.add(socket);
    },
    get count() {
      return open.size;
    },
    connected: (count = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (open.size < count) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
  };
}
