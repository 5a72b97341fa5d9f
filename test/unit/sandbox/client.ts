import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/server.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of any shape
type Body = any;

interface Reply {
  readonly status: number;
  readonly body: Body;
  readonly text: string;
  readonly headers: Headers;
}

export interface Client {
  readonly sandbox: Sandbox;
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  get(path: string, accept?: string): Promise<Reply>;
  /** Server-side apply; `query` is added to `fieldManager=test`. */
  apply(path: string, body: unknown, query?: string, manager?: string): Promise<Reply>;
  merge(path: string, body: unknown, query?: string): Promise<Reply>;
  post(path: string, body: unknown): Promise<Reply>;
  remove(path: string, body?: unknown): Promise<Reply>;
}

export async function startClient(options: SandboxOptions = {}): Promise<Client> {
  const sandbox = await startSandbox(options);
  const request: Client['request'] = async (method, path, body, headers = {}) => {
    const response = await fetch(sandbox.url + path, {
      method,
      headers: { authorization: `Bearer ${sandbox.token}`, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, body: isJson ? JSON.parse(text) : undefined, text, headers: response.headers };
  };
  const json = { 'content-type': 'application/json' };
  return {
    sandbox,
    request,
    get: (path, accept) => request('GET', path, undefined, accept ? { accept } : {}),
    apply: (path, body, query = '', manager = 'test') =>
      request('PATCH', `${path}?fieldManager=${manager}${query}`, body, {
        'content-type': 'application/apply-patch+yaml',
      }),
    merge: (path, body, query = '') =>
      request('PATCH', `${path}${query}`, body, { 'content-type': 'application/merge-patch+json' }),
    post: (path, body) => request('POST', path, body, json),
    remove: (path, body) => request('DELETE', path, body, json),
  };
}

/** A ConfigMap in the namespace shop. */
export const configMap = (name: string, data: Record<string, string>, metadata: Record<string, unknown> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});

export const configMaps = '/api/v1/namespaces/shop/configmaps';
export const webPath = '/apis/apps/v1/namespaces/shop/deployments/web';
