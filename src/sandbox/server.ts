import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { sandboxName } from '../domain/cluster.ts';
import { reconcile } from './controllers/reconcile.ts';
import { upgrade } from './exec/upgrade.ts';
import type { Answer } from './http/call.ts';
import { answer } from './http/router.ts';
import type { KubeObject } from './json.ts';
import { plant, seed } from './seed.ts';
import { ApiError } from './status.ts';
import { newWorld, type World } from './world.ts';

export interface SandboxOptions {
  /** The first objects, namespaces before what is in them. Omitted: the demo's world. */
  readonly seed?: readonly KubeObject[];
  readonly now?: () => Date;
  /** In [0, 1), for uids and generated names; the token never comes from it. */
  readonly random?: () => number;
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The bearer token without which every request is 401. */
  readonly token: string;
  readonly name: typeof sandboxName;
  stop(): Promise<void>;
}

/** As the real server's default. */
const largestBody = 3 * 1024 * 1024;

/**
 * Starts an in-memory Kubernetes API on a free loopback port. It behaves like kube-apiserver 1.36 where it
 * answers at all, and refuses the rest with a Status that says so. There is no RBAC: the token may do everything.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const world = newWorld(options.now ?? (() => new Date()), options.random ?? Math.random);
  plant(world, options.seed ?? seed);
  reconcile(world);
  const token = randomBytes(24).toString('base64url');
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    serve(world, token, request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    upgrade(world, token, request, socket, head).catch(() => socket.destroy());
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, token, name: sandboxName, stop: () => stop(server, sockets) };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('the sandbox got no port'));
      else resolve(address.port);
    });
  });
}

function stop(server: Server, sockets: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

async function serve(world: World, token: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const auditId = request.headers['audit-id'];
  const text = await bodyOf(request);
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const { method = 'GET', headers } = request;
  const given: Answer =
    text === undefined
      ? tooLarge()
      : answer(world, token, { method, pathname: url.pathname, query: url.searchParams, headers, text });
  if (auditId !== undefined) response.setHeader('audit-id', auditId);
  if (given.warnings && given.warnings.length > 0) response.setHeader('warning', given.warnings.map(warning));
  const isText = typeof given.body === 'string';
  const body = isText ? given.body : JSON.stringify(given.body);
  response.writeHead(given.code, {
    'content-type': given.type ?? (isText ? 'text/plain; charset=utf-8' : 'application/json'),
    'cache-control': 'no-cache, private',
    'content-length': Buffer.byteLength(String(body)),
  });
  response.end(body);
}

const warning = (text: string): string => `299 - "${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

const tooLarge = (): Answer => {
  const { code, body } = new ApiError(
    413,
    'RequestEntityTooLarge',
    `Request entity too large: limit is ${largestBody}`,
  );
  return { code, body };
};

/** The body as text, undefined when it is too large; the rest is read and dropped, so that the answer arrives. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= largestBody) chunks.push(chunk);
  }
  return size > largestBody ? undefined : Buffer.concat(chunks).toString('utf8');
}
