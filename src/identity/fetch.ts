import { readFile } from 'node:fs/promises';
import { request as overHttp, type RequestOptions } from 'node:http';
import { request as overHttps } from 'node:https';
import { isSafeAddress } from './config.ts';

/** Bytes of an answer. A discovery document and a key set are some kilobytes. */
const mostBytes = 1_000_000;
/** Milliseconds for the whole exchange. */
const mostTime = 5_000;

interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What openid-client and the key source ask with. @throws Error without the text of whoever answered */
export type IssuerFetch = (url: string, options?: FetchOptions) => Promise<Response>;

export interface IssuerAccess {
  /** PEM file; undefined: the authorities that Node trusts. */
  readonly ca: string | undefined;
  /** Read for each request, since such files are renewed. */
  readonly tokenFile: string | undefined;
  /** Origins that are shown the token of the file; no other is. */
  readonly origins: ReadonlySet<string>;
}

/**
 * One request to an issuer: encrypted or on this machine, no redirects (the answer is handed on as it is, and is none of 200),
 * bounded in time and size.
 */
export const createIssuerFetch =
  ({ ca, tokenFile, origins }: IssuerAccess): IssuerFetch =>
  async (url, { method = 'GET', headers = {}, body } = {}) => {
    if (!isSafeAddress(url)) throw new Error('the issuer names an address that is not https');
    const target = new URL(url);
    const text = body === undefined || body === null ? undefined : String(body);
    const bearer =
      tokenFile !== undefined && origins.has(target.origin)
        ? { authorization: `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}` }
        : {};
    return exchange(target, text, {
      method,
      headers: {
        ...headers,
        ...bearer,
        ...(text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }),
      },
      ...(ca === undefined ? {} : { ca: await readFile(ca, 'utf8') }),
      signal: AbortSignal.timeout(mostTime),
    });
  };

function exchange(target: URL, body: string | undefined, options: RequestOptions): Promise<Response> {
  return new Promise((resolve, reject) => {
    const send = target.protocol === 'https:' ? overHttps : overHttp;
    const request = send(target, options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > mostBytes) request.destroy(new Error('the answer of the issuer is too long'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const type = response.headers['content-type'];
        const status = response.statusCode ?? 500;
        const bodyless = status === 204 || status === 304 || status < 200;
        resolve(
          new Response(bodyless ? null : Buffer.concat(chunks), {
            status: bodyless ? 502 : status,
            headers: type === undefined ? {} : { 'content-type': type },
          }),
        );
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
