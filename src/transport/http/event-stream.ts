import type { ServerResponse } from 'node:http';

/** Milliseconds until a client that lost its stream tries again. */
const retryAfter = 1_000;

/** Bytes that wait for a client that does not read, several whole answers; more, and it is gone. */
const mostUnread = 1024 * 1024;

/** One connection that carries server-sent events (WHATWG HTML, "Server-sent events"). */
export interface EventStream {
  /** `id` lets the client come back for what follows; undefined: it cannot. */
  message(json: string, id: string | undefined): void;
  event(name: string, data: string): void;
  /** A comment, so that nobody on the way takes the stream for dead. */
  keepAlive(): void;
  end(): void;
}

/** Begins the answer. With `first`, an event without data comes at once: its id is where a client resumes that saw nothing else. */
export function openEventStream(
  response: ServerResponse,
  first: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): EventStream {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    ...headers,
  });
  const write = (text: string): void => {
    if (response.writableEnded || response.destroyed) return;
    response.write(text);
    if (response.writableLength > mostUnread) response.destroy();
  };
  // The client must know at once that it is connected, also where nothing is to be said yet.
  write(first === undefined ? ':\n\n' : `id: ${first}\nretry: ${retryAfter}\ndata: \n\n`);
  return {
    message: (json, id) => write(`event: message\n${id === undefined ? '' : `id: ${id}\n`}data: ${json}\n\n`),
    event: (name, data) => write(`event: ${name}\ndata: ${data}\n\n`),
    keepAlive: () => write(': ka\n\n'),
    end: () => {
      if (!response.writableEnded) response.end();
    },
  };
}
