import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Log } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';
import type { HttpRoute } from '../../domain/http-route.ts';
import { inTime, isSubmission } from './payloads.ts';
import type { Verify } from './signature.ts';

export interface SlackResponse {
  readonly status: number;
  readonly body: string;
}

/** A signed request of Slack, on whatever listener; header names in lower case. Answers before anything is done with it. */
export type SlackHttp = (
  method: string,
  path: string,
  headers: Readonly<IncomingHttpHeaders>,
  body: string,
) => Promise<SlackResponse>;

export const requestPaths = { interactivity: '/slack/interactivity', events: '/slack/events' } as const;
/** Bytes of a body; a click carries its whole message, form-encoded. */
export const longestBody = 1_000_000;

export function createSlackHttp(parts: {
  readonly verify: Verify;
  /** Answered before, but for what a person typed into a modal; never rejects. */
  readonly receive: (type: 'interactive' | 'events_api', payload: unknown) => Promise<void>;
  readonly log: Log;
}): SlackHttp {
  const { verify, receive, log } = parts;
  return async (method, path, headers, body) => {
    const isEvent = path === requestPaths.events;
    if (!isEvent && path !== requestPaths.interactivity) return { status: 404, body: 'not found' };
    if (method !== 'POST') return { status: 405, body: 'POST only' };
    if (Buffer.byteLength(body) > longestBody) return { status: 413, body: 'too large' };
    const timestamp = one(headers['x-slack-request-timestamp']);
    const signature = one(headers['x-slack-signature']);
    const fault = await verify({ timestamp, signature, body });
    if (fault !== undefined) {
      log.warn('a request that claims to be of Slack was refused', { fault });
      return { status: 401, body: 'refused' };
    }
    const payload = json(isEvent ? body : (new URLSearchParams(body).get('payload') ?? ''));
    if (payload === undefined) return { status: 400, body: 'not understood' };
    if (isEvent && isChallenge(payload)) return { status: 200, body: payload.challenge };
    const work = receive(isEvent ? 'events_api' : 'interactive', payload);
    if (isSubmission(payload)) await inTime(work);
    return { status: 200, body: '' };
  };
}

/**
 * The same on a listener that others use too, which has read the body. `handler` is asked for each request: undefined while
 * this process does not listen to Slack.
 */
export const slackRoutes = (handler: () => SlackHttp | undefined): readonly HttpRoute[] =>
  Object.values(requestPaths).map((path) => ({
    method: 'POST',
    path,
    maxBytes: longestBody,
    handle: async (request, body, response) => {
      const handle = handler();
      const answered = handle && (await handle('POST', path, request.headers, body.toString()));
      finish(response, answered ?? { status: 503, body: 'not listening to Slack' });
    },
  }));

function finish(response: ServerResponse, { status, body }: SlackResponse): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(body);
}

/** A header that is there twice is none. */
const one = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** https://docs.slack.dev/reference/events/url_verification */
const isChallenge = (payload: object): payload is { readonly challenge: string } =>
  'type' in payload &&
  payload.type === 'url_verification' &&
  'challenge' in payload &&
  typeof payload.challenge === 'string';

function json(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A listener of its own for the handler. `address` is `host:port`; port 0 picks one. @throws Unavailable */
export async function listenForSlack(
  handle: SlackHttp,
  address: string,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { hostname, port } = new URL(`http://${address}`);
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    answer(handle, request).then(
      (answered) => finish(response, answered),
      () => finish(response, { status: 500, body: 'failed' }),
    );
  });
  await listening(server, hostname.replace(/^\[|\]$/g, ''), Number(port));
  const bound = server.address();
  const at = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    url: `http://${hostname}:${at}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(handle: SlackHttp, request: IncomingMessage): Promise<SlackResponse> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > longestBody) return { status: 413, body: 'too large' };
    chunks.push(chunk);
  }
  const [path = ''] = (request.url ?? '').split('?');
  return handle(request.method ?? '', path, request.headers, Buffer.concat(chunks).toString());
}

const listening = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new CountersignError('Unavailable', `cannot listen for Slack on ${host}:${port}`, { cause })),
    );
    server.listen(port, host, resolve);
  });
