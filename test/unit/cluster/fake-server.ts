import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type OpenCluster, openCluster } from '../../../src/cluster/open.ts';
import type { RequestContext } from '../../../src/domain/cluster.ts';
import { createGrantMint } from '../../../src/domain/grant-mint.ts';
import type { PlannedRequest } from '../../../src/domain/request.ts';
import type { ResourceType } from '../../../src/domain/resource.ts';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

type Reply = (request: Seen, response: ServerResponse, incoming: IncomingMessage) => void;

/** A server that says what a test wants, over real sockets. */
export class FakeServer {
  readonly seen: Seen[] = [];
  readonly http = createServer((request, response) => void this.#serve(request, response));
  reply: Reply = (_, response) => response.end();

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { method = '', url = '', headers, rawHeaders } = incoming;
    const seen = { method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString() };
    this.seen.push(seen);
    this.reply(seen, response, incoming);
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

export const json = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};

export const mint = createGrantMint();

export const sandboxCluster = (url: string, changes: object = {}, callMs = 2_000): OpenCluster =>
  openCluster({
    name: 'unit',
    config: { sandbox: { url, token: 'a-token' }, ...changes },
    redeem: mint.redeem,
    clock: Date,
    callMs,
  });

export function context(changes: Partial<RequestContext> = {}): RequestContext {
  let n = 0;
  return {
    invocation: '01JD6Q8Z',
    agent: 'deploy-bot',
    nextAuditId: async () => `audit-${++n}`,
    signal: new AbortController().signal,
    ...changes,
  };
}

export const execution = (cluster: OpenCluster, requests: readonly PlannedRequest[], as = context()) =>
  cluster.execution(mint.mint({ planDigest: '', requests }), as);

export const type = (changes: Partial<ResourceType> = {}): ResourceType => ({
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  singular: 'configmap',
  shortNames: ['cm'],
  namespaced: true,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [],
  servedBy: 'built-in',
  ...changes,
});

export const configMap = { type: type(), namespace: 'shop', name: 'settings' };
export const get = { action: 'get', object: configMap, representation: 'object' } as const;
export const list = { action: 'list', type: type(), namespace: 'shop', limit: 2, representation: 'object' } as const;
export const remove = {
  action: 'delete',
  object: configMap,
  uid: 'u-1',
  resourceVersion: '7',
  propagationPolicy: 'Background',
} as const;
