import type { IncomingMessage } from 'node:http';

export interface GuardOptions {
  /** Host names that lead here, without port; of an IPv6 address with brackets. */
  readonly hosts: readonly string[];
  /** Whole origins of web pages that may call, such as `https://console.example.com`. */
  readonly origins: readonly string[];
}

export interface Refusal {
  readonly status: number;
  /** Our own words, for the body. */
  readonly message: string;
  /** For the metric. */
  readonly reason: string;
}

export const loopbackHosts: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/**
 * What must hold for every request on every path, before anything else: a name that we go by, no web page that we do not know
 * (DNS rebinding; MCP "Security Warning"), and no credential in the address, where logs and proxies keep it.
 */
export function refusalOf(request: IncomingMessage, options: GuardOptions): Refusal | undefined {
  const hosts = valuesOf(request, 'host');
  const [host] = hosts;
  if (hosts.length !== 1 || host === undefined || !options.hosts.includes(nameOf(host)))
    return {
      status: 421,
      reason: 'host',
      message: 'This server does not go by the name in the Host header. Configure http.hosts.',
    };
  const origins = valuesOf(request, 'origin');
  if (origins.length > 0 && !(origins.length === 1 && mayCall(origins[0] ?? '', host, options)))
    return { status: 403, reason: 'origin', message: 'Web pages of this origin may not call. Configure http.origins.' };
  if (/[?&](?:access_token|token|authorization|bearer|api_?key)=/i.test(request.url ?? ''))
    return {
      status: 400,
      reason: 'token_in_query',
      message: 'A token in the address is refused: send it in the Authorization header, and revoke this one.',
    };
  return undefined;
}

/** A page that this server itself could have served, or one that the operator named. */
const mayCall = (origin: string, host: string, { origins }: GuardOptions): boolean =>
  origins.includes(origin) || origin === `http://${host}` || origin === `https://${host}`;

/** Each value that came, also of headers that Node joins or drops. */
export function valuesOf(request: IncomingMessage, name: string): readonly string[] {
  const { rawHeaders } = request;
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const value = rawHeaders[i + 1];
    if (rawHeaders[i]?.toLowerCase() === name && value !== undefined) values.push(value);
  }
  return values;
}

const nameOf = (host: string): string => host.replace(/:\d{1,5}$/, '').toLowerCase();
