import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { parse } from 'yaml';
import { z } from 'zod';

/** One line of the API server's audit log, as far as tests ask for it. */
export interface AuditLine {
  readonly auditID: string;
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: {
    readonly username: string;
    readonly groups?: readonly string[];
    readonly extra?: Record<string, string[]>;
  };
  readonly impersonatedUser?: {
    readonly username: string;
    readonly groups?: readonly string[];
    readonly extra?: Record<string, string[]>;
  };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

/** An answer as it came: `body` is parsed where it is JSON, else the text. */
export interface KubeAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const kubeconfigSchema = z.object({
  clusters: z
    .tuple([
      z.object({
        cluster: z.object({
          server: z.url(),
          'certificate-authority-data': z.base64().optional(),
          'certificate-authority': z.string().optional(),
        }),
      }),
    ])
    .rest(z.unknown()),
  users: z
    .tuple([
      z.object({
        user: z.object({
          token: z.string().optional(),
          'client-certificate-data': z.string().optional(),
          'client-key-data': z.string().optional(),
        }),
      }),
    ])
    .rest(z.unknown()),
});

/** What a kubeconfig's first cluster and user say; texts are PEM. */
export interface KubeAccess {
  readonly server: string;
  readonly ca: string;
  readonly token: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** @throws when the kubeconfig has no authority, or neither a token nor a client certificate in it */
export async function readKubeconfig(path: string): Promise<KubeAccess> {
  const { clusters, users } = kubeconfigSchema.parse(parse(await readFile(path, 'utf8')));
  const { cluster } = clusters[0];
  const { user } = users[0];
  const decode = (text: string | undefined) =>
    text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8');
  const caPath = cluster['certificate-authority'];
  const ca =
    decode(cluster['certificate-authority-data']) ??
    (caPath === undefined ? undefined : await readFile(caPath, 'utf8'));
  if (ca === undefined) throw new Error(`${path} pins no certificate authority: add certificate-authority-data`);
  const access = {
    server: cluster.server.replace(/\/$/, ''),
    ca,
    token: user.token,
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  };
  if (access.token === undefined && (access.cert === undefined || access.key === undefined)) {
    throw new Error(
      `${path} holds neither a token nor a client certificate: put client-certificate-data and client-key-data into it (kubectl config view --raw --minify --flatten)`,
    );
  }
  return access;
}

/** A way to the API that shares no code with the product: tests look behind its back with it. */
export class Kube {
  readonly #access: KubeAccess;
  readonly #agent: Agent;

  constructor(access: KubeAccess) {
    this.#access = access;
    const identity =
      access.cert !== undefined && access.key !== undefined ? { cert: access.cert, key: access.key } : {};
    this.#agent = new Agent({ connect: { ca: access.ca, ...identity } });
  }

  /** The same server as another user, by bearer token. */
  as(user: { token: string }): Kube {
    return new Kube({ ...this.#access, token: user.token, cert: undefined, key: undefined });
  }

  /** @param path from the root, with its query: `/api/v1/namespaces/default` */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<KubeAnswer> {
    const answer = await request(`${this.#access.server}${path}`, {
      method: method as 'GET',
      dispatcher: this.#agent,
      headers: {
        accept: 'application/json',
        ...(this.#access.token === undefined ? {} : { authorization: `Bearer ${this.#access.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.body.text();
    const isJson = String(answer.headers['content-type'] ?? '').includes('json');
    return { status: answer.statusCode, body: isJson ? JSON.parse(text) : text, headers: answer.headers };
  }

  /** @throws with the server's own words on anything but 2xx */
  async #expect(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<KubeAnswer> {
    const answer = await this.send(method, path, body, headers);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /** The object, or undefined on 404. */
  async get(path: string): Promise<KubeObject | undefined> {
    const answer = await this.send('GET', path);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return asObject(answer.body);
  }

  async create(path: string, object: unknown): Promise<KubeObject> {
    return asObject((await this.#expect('POST', path, object)).body);
  }

  /** A JSON merge patch (RFC 7386). */
  async patch(path: string, patch: unknown): Promise<KubeObject> {
    const headers = { 'content-type': 'application/merge-patch+json' };
    return asObject((await this.#expect('PATCH', path, patch, headers)).body);
  }

  /** Server-side apply under a field manager of the test's choice. */
  async apply(path: string, object: unknown, fieldManager: string, force = false): Promise<KubeObject> {
    const query = `fieldManager=${encodeURIComponent(fieldManager)}&force=${force}`;
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    return asObject((await this.#expect('PATCH', `${path}?${query}`, object, headers)).body);
  }

  async delete(path: string, options?: unknown): Promise<void> {
    await this.#expect('DELETE', path, options);
  }

  /** Text of a subresource such as `log`. */
  async text(path: string): Promise<string> {
    const answer = await this.#expect('GET', path, undefined, { accept: '*/*' });
    return typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }
}

/** An object of the API as tests read it: nothing about it is promised. */
// biome-ignore lint/suspicious/noExplicitAny: tests reach into objects of any kind, and a wrong path fails the test
export type KubeObject = Record<string, any>;

function asObject(body: unknown): KubeObject {
  if (typeof body === 'object' && body !== null) return body;
  throw new Error(`expected an object, the server sent ${JSON.stringify(body)}`);
}

/** The audit log of the API server, oldest first; a line that is still being written is left out. */
export async function readAudit(path: string): Promise<AuditLine[]> {
  const text = await readFile(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line): AuditLine => JSON.parse(line));
}
