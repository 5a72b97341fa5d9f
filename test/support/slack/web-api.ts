import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Arguments, methods, SlackRefusal } from './methods.ts';
import type { World } from './world.ts';

export interface Call {
  readonly method: string;
  readonly args: Arguments;
}

export type Trouble =
  | { readonly kind: 'limit'; readonly retryAfter: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'refuse'; readonly error: string };

interface Planned {
  left: number;
  readonly method: string | undefined;
  readonly trouble: Trouble;
}

/** The Web API over HTTP: tokens and scopes as strict as Slack's, and the troubles that a test wants. */
export class WebApi {
  readonly calls: Call[] = [];
  readonly delays = new Map<string | undefined, number>();
  readonly #troubles: Planned[] = [];
  readonly #world: World;
  readonly #scopes: ReadonlySet<string>;
  readonly #tokens: { readonly bot: string; readonly app: string };

  constructor(world: World, scopes: readonly string[], tokens: { readonly bot: string; readonly app: string }) {
    this.#world = world;
    this.#scopes = new Set(scopes);
    this.#tokens = tokens;
  }

  trouble(left: number, method: string | undefined, trouble: Trouble): void {
    this.#troubles.push({ left, method, trouble });
  }

  async answer(method: string, base: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { args, token } = await readArguments(request);
    this.calls.push({ method, args });
    const trouble = this.#take(method);
    if (trouble?.kind === 'limit') {
      response.writeHead(429, { 'retry-after': String(trouble.retryAfter), 'content-type': 'application/json' });
      response.end(JSON.stringify({ ok: false, error: 'ratelimited' }));
      return;
    }
    const body =
      trouble?.kind === 'refuse' ? { ok: false, error: trouble.error } : this.#run(method, args, token, base);
    const wait = this.delays.get(method) ?? this.delays.get(undefined) ?? 0;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (trouble?.kind === 'drop') {
      request.socket.destroy();
      return;
    }
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'x-oauth-scopes': [...this.#scopes].join(','),
    });
    response.end(JSON.stringify(body));
  }

  #take(method: string): Trouble | undefined {
    const found = this.#troubles.find((each) => each.left > 0 && (each.method === undefined || each.method === method));
    if (found !== undefined) found.left--;
    return found?.trouble;
  }

  #run(name: string, args: Arguments, token: string | undefined, base: string): object {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (method === undefined) return { ok: false, error: 'unknown_method', req_method: name };
    if (token === undefined) return { ok: false, error: 'not_authed' };
    if (token !== this.#tokens.bot && token !== this.#tokens.app) return { ok: false, error: 'invalid_auth' };
    if (token !== this.#tokens[method.token]) return { ok: false, error: 'not_allowed_token_type' };
    const scopes = this.#scopes;
    const { scopes: oneOf } = method;
    if (method.token === 'bot' && oneOf.length > 0 && !oneOf.some((scope) => scopes.has(scope)))
      return { ok: false, error: 'missing_scope', needed: oneOf.join(','), provided: [...scopes].join(',') };
    try {
      return { ok: true, ...method.run(this.#world, args, { base, scopes }) };
    } catch (thrown) {
      if (thrown instanceof SlackRefusal) return { ok: false, error: thrown.message, ...thrown.more };
      throw thrown;
    }
  }

  /** The second step of an upload: a multipart form, or the bytes alone. */
  async takeFile(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await fileOf(await bodyOf(request), request.headers['content-type'] ?? '');
    const file = this.#world.files.get(id);
    const fits = file !== undefined && bytes.length === file.length;
    if (fits) file.content = bytes.toString();
    response.writeHead(fits ? 200 : 400);
    response.end(fits ? `OK - ${bytes.length}` : 'wrong length');
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Form fields or a JSON object, as Slack takes either; the token from the header. */
async function readArguments(request: IncomingMessage): Promise<{ args: Arguments; token: string | undefined }> {
  const body = (await bodyOf(request)).toString();
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (request.headers['content-type']?.includes('json') !== true)
    return { args: Object.fromEntries(new URLSearchParams(body)), token };
  const members = Object.entries(JSON.parse(body) as object).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return { args: Object.fromEntries(members), token };
}

async function fileOf(body: Buffer, type: string): Promise<Buffer> {
  if (!type.startsWith('multipart/')) return body;
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  for (const value of form.values()) if (typeof value !== 'string') return Buffer.from(await value.arrayBuffer());
  return Buffer.alloc(0);
}
