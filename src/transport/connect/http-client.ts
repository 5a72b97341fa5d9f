import { type IncomingMessage, request as overHttp, Agent as PlainAgent, type RequestOptions } from 'node:http';
import { request as overHttps, Agent as TlsAgent } from 'node:https';

/** Milliseconds without a byte after which a connection is taken for dead. The server says something every 15 s. */
const silence = 60_000;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** To one address. Redirects are answers like others: a token never follows one. */
export interface HttpClient {
  /** Resolves with the head of the answer; its body is read by the caller. @throws what the connection throws */
  send(request: HttpRequest): Promise<IncomingMessage>;
  close(): void;
}

/** `ca`: PEM of the authority of this server's certificate; undefined: those that Node trusts. */
export function createHttpClient(url: URL, ca: string | undefined): HttpClient {
  const secure = url.protocol === 'https:';
  const agent = secure ? new TlsAgent({ keepAlive: true }) : new PlainAgent({ keepAlive: true });
  return {
    send: ({ method, headers, body, signal }) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const options: RequestOptions & { ca?: string } = {
        ...{ method, agent, signal, timeout: silence, headers: { ...headers, ...length } },
        ...(ca === undefined ? {} : { ca }),
      };
      return new Promise((resolve, reject) => {
        const request = (secure ? overHttps : overHttp)(url, options, resolve);
        request.once('timeout', () => request.destroy(new Error('the server has been silent for a minute')));
        // An answer may come before the whole body was sent (413); what breaks after it is the body's matter.
        request.on('error', reject);
        request.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}

/** Bytes of an answer that is not a stream. */
const mostBytes = 32 * 1024 * 1024;

/** @throws Error for a body without end, or one that breaks off */
export async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw new Error('the answer is longer than any answer may be');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The connection never came about, so nothing of the request has arrived. */
export const neverSent = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  'syscall' in thrown &&
  (thrown.syscall === 'connect' || thrown.syscall === 'getaddrinfo' || thrown.syscall === 'getaddrinfo EAI_AGAIN');

/** The certificate of the server is not one that is trusted here: nothing was sent. */
export const notTrusted = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  'code' in thrown &&
  /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY))/.test(String(thrown.code));
