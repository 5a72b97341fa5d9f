import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { authorize } from '../http/authorize.ts';
import { parsePath } from '../http/path.ts';
import { read } from '../read.ts';
import { ApiError, badRequest, PageNotFound } from '../status.ts';
import type { World } from '../world.ts';
import { containerOf } from './container.ts';
import { serveExec } from './session.ts';

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** Answers an `Upgrade: websocket`: exec on a pod, and nothing else. `ws` is loaded at the first one. */
export async function upgrade(
  world: World,
  token: string,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  try {
    authorize(request.headers, token);
    const url = new URL(request.url ?? '/', 'http://sandbox');
    const session = sessionOf(world, url);
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
    const protocol = protocols.find((each) => offered.includes(each));
    if (!protocol) throw badRequest(`unable to upgrade: the sandbox speaks ${protocols.join(', ')}`);
    const { WebSocketServer } = await import('ws');
    const server = new WebSocketServer({ noServer: true, handleProtocols: () => protocol });
    server.handleUpgrade(request, socket, head, (webSocket) => {
      serveExec(webSocket, session).catch(() => webSocket.terminate());
    });
  } catch (error) {
    refuse(socket, error);
  }
}

function sessionOf(world: World, url: URL) {
  const path = parsePath(url.pathname, world.kinds);
  if (path.type !== 'resource' || path.subresource !== 'exec' || path.kind.kind !== 'Pod' || path.name === undefined)
    throw badRequest('unable to upgrade: the sandbox upgrades exec on pods only');
  const query = url.searchParams;
  if (query.has('dryRun')) throw badRequest('dryRun is not supported for exec');
  const argv = query.getAll('command');
  if (argv.length === 0) throw badRequest('you must specify at least 1 command for the container');
  if (query.get('tty') === 'true') throw badRequest('the sandbox has no TTY; leave tty out');
  const pod = read(world, path.kind, path.namespace ?? '', path.name);
  const container = containerOf(pod, query.get('container'));
  return { world, pod, container, argv, hasStdin: query.get('stdin') === 'true' || query.get('stdin') === '1' };
}

/** A plain HTTP answer on the socket of a refused upgrade. */
function refuse(socket: Duplex, error: unknown): void {
  const known = error instanceof ApiError || error instanceof PageNotFound ? error : undefined;
  const code = known?.code ?? 500;
  const body = typeof known?.body === 'string' ? known.body : JSON.stringify(known?.body ?? { kind: 'Status', code });
  const type = typeof known?.body === 'string' ? 'text/plain' : 'application/json';
  socket.end(
    `HTTP/1.1 ${code} Refused\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
