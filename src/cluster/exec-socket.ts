import type { IncomingMessage } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type WebSocket from 'ws';
import { invalid } from '../domain/errors.ts';
import type { ApiResponse } from './answer.ts';
import type { Api } from './api.ts';
import { callMs, connectMs } from './api-client.ts';
import type { Endpoint } from './connection.ts';
import { ConnectionFailure, failureError, unknownError } from './connection-failure.ts';
import { extraHeaders } from './impersonation.ts';
import { parseBody } from './parse.ts';
import { statusError } from './status-error.ts';

export type ExecSocket = WebSocket;

const v5 = 'v5.channel.k8s.io';
const v4 = 'v4.channel.k8s.io';
const maxFrameBytes = 4 * 1024 * 1024;
const maxRefusalBytes = 64 * 1024;

export interface ExecTarget {
  /** Encoded, with its query. */
  readonly path: string;
  readonly what: string;
  /** v4 cannot say that the input ends, so a program that reads it would wait for ever: then only v5 is offered. */
  readonly stdin: boolean;
}

/**
 * The session, paused: nothing is read from it before its owner says so.
 * @throws Unavailable nothing was started; Unknown the connection was lost in the handshake; what the API server refuses with
 */
export async function openExecSocket(endpoint: Endpoint, api: Api, target: ExecTarget): Promise<ExecSocket> {
  const { default: WebSocketClient } = await import('ws');
  const headers = await headersFor(api);
  const raw = await connectRaw(endpoint).catch((cause: unknown) => {
    throw failureError(ConnectionFailure.of(cause, false), { what: target.what, mutates: true }, api.client.host);
  });
  const url = endpoint.origin.replace(/^http/, 'ws') + target.path;
  const socket = new WebSocketClient(url, target.stdin ? [v5] : [v5, v4], {
    headers,
    createConnection: () => raw,
    handshakeTimeout: callMs,
    maxPayload: maxFrameBytes,
    perMessageDeflate: false,
    followRedirects: false,
  });
  return opened(socket, target, api.client.host);
}

function opened(socket: ExecSocket, target: ExecTarget, host: string): Promise<ExecSocket> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.pause();
      socket.removeAllListeners('error');
      // without a listener a stray frame would be an uncaught error
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('unexpected-response', (_, response) => {
      refusal(response).then((answer) => {
        socket.terminate();
        reject(statusError(answer, parseBody(answer), { what: target.what, mutates: true, host }));
      }, reject);
    });
    socket.once('error', (cause) => {
      const noProtocol = /subprotocol/i.test(cause.message);
      if (noProtocol && target.stdin) return reject(tooOldForStdin());
      reject(unknownError(target.what, `the connection to ${host} was lost while connecting`, cause));
    });
  });
}

const tooOldForStdin = (): Error =>
  invalid(
    'this API server cannot end the standard input of a program, so nothing was started',
    'give the input as arguments instead of stdin; it works from Kubernetes 1.29 on',
  );

async function headersFor(api: Api): Promise<Record<string, string | string[]>> {
  const headers: Record<string, string | string[]> = { 'audit-id': await api.context.nextAuditId() };
  const authorization = await api.tier.credentials.authorization(api.context);
  if (authorization !== undefined) headers.authorization = authorization;
  const extras = extraHeaders(api.tier, api.context);
  for (let index = 0; index + 1 < extras.length; index += 2) {
    const name = extras[index] ?? '';
    const before = headers[name];
    const value = extras[index + 1] ?? '';
    headers[name] = before === undefined ? value : [...(typeof before === 'string' ? [before] : before), value];
  }
  return headers;
}

/** Connected, and trusted where there is TLS, before anything is asked: so a failure here is one before sending. */
function connectRaw({ origin, tls }: Endpoint): Promise<Socket> {
  const url = new URL(origin);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port === '' ? (tls === undefined ? 80 : 443) : url.port);
  return new Promise((resolve, reject) => {
    const socket =
      tls === undefined
        ? connectTcp({ host, port })
        : connectTls({
            host,
            port,
            ca: tls.ca,
            ALPNProtocols: ['http/1.1'],
            ...(tls.cert === undefined ? {} : { cert: tls.cert, key: tls.key }),
            ...servername(tls.servername, host),
          });
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('connect timeout'), { code: 'UND_ERR_CONNECT_TIMEOUT' }));
    }, connectMs);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.removeListener('error', onError);
      resolve(socket);
    });
    const onError = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    socket.on('error', onError);
  });
}

const servername = (configured: string | undefined, host: string): { servername?: string } => {
  if (configured !== undefined) return { servername: configured };
  // an address has no server name in TLS
  return /^[\d.]+$|:/.test(host) ? {} : { servername: host };
};

async function refusal(response: IncomingMessage): Promise<ApiResponse> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxRefusalBytes) break;
  }
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    text: Buffer.concat(chunks).toString('utf8'),
    warnings: [],
    retryAfter: undefined,
  };
}
