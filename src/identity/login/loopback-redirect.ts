import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Listens on a free port of loopback for the one redirect of a login, and says where. Whatever comes without the state of this
 * login is turned away and changes nothing: any page in the browser can send it. @throws when the signal is aborted
 */
export async function awaitRedirect(
  state: string,
  signal: AbortSignal,
  listening: (redirectUri: string) => void,
): Promise<URL> {
  let arrive: (url: URL) => void = () => {};
  let fail: (reason: unknown) => void = () => {};
  const arrived = new Promise<URL>((resolve, reject) => {
    arrive = resolve;
    fail = reject;
  });
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    const url = new URL(request.url ?? '/', origin);
    const ours = request.method === 'GET' && url.pathname === '/callback' && url.searchParams.get('state') === state;
    const headers = { 'content-type': 'text/plain', connection: 'close', 'cache-control': 'no-store' };
    response.writeHead(ours ? 200 : 404, headers);
    response.end(ours ? 'You can close this page; the program has what it needs.\n' : 'Nothing here.\n');
    if (ours) arrive(url);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening', { signal });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = (): void => fail(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    listening(`${origin}/callback`);
    return await arrived;
  } finally {
    signal.removeEventListener('abort', stop);
    server.close();
    server.closeIdleConnections();
  }
}
