import type { IncomingMessage } from 'node:http';
import { isJsonObject, type JsonObject } from '../../domain/json.ts';
import { clientNamed } from '../calls.ts';
import { headerValue, namedIn, versionKey } from '../modern-headers.ts';
import { type HttpContext, refuse } from './context.ts';
import { type RequestMessage, replyOn, runExchange, scopeAllows } from './exchange.ts';
import { mismatchedParam } from './modern-params.ts';
import { onLost, type Posted, takesStream } from './posted.ts';
import { isModern, legacyRevisions, modernRevisions } from './revisions.ts';
import { classify, errorMessage, RpcError } from './rpc.ts';
import type { McpService, Peer } from './service.ts';

const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';
const clientKey = 'io.modelcontextprotocol/clientInfo';

const metaOf = (value: unknown): JsonObject =>
  isJsonObject(value) && isJsonObject(value.params) && isJsonObject(value.params._meta) ? value.params._meta : {};

/** A request that says in itself which revision it speaks, or whose header names one of those that do (2026-07-28, "Versioning"). */
export function speaksModern(request: IncomingMessage, value: unknown): boolean {
  if (metaOf(value)[versionKey] !== undefined) return true;
  const named = request.headers['mcp-protocol-version'];
  return typeof named === 'string' && (isModern(named) || request.headers['mcp-method'] !== undefined);
}

/** One message of 2026-07-28: no session, no resuming, and a closed connection is a cancellation. */
export async function answerModern(context: HttpContext, posted: Posted, value: unknown): Promise<void> {
  const { response, caller, bytes } = posted;
  const message = classify(value);
  if (message?.kind === 'notification') {
    response.writeHead(202).end();
    return;
  }
  if (message?.kind !== 'request')
    return refuse(response, 400, new RpcError(-32600, 'The body must be one JSON-RPC request or notification'));
  const fault = faultOf(posted.request, message, context.service);
  if (fault !== undefined) {
    response.writeHead(fault.httpStatus ?? 400, { 'content-type': 'application/json' });
    response.end(errorMessage(message.id, fault));
    return;
  }
  if (!scopeAllows(context, message, caller, response)) return;
  const reply = replyOn(context, response, undefined, takesStream(posted.request));
  const peer = modernPeer(posted, message.params);
  const shaped = (result: string): string => complete(context.service, result);
  const running = runExchange({ context, message, bytes, caller, peer, session: undefined, reply, shaped });
  onLost(response, running.detach);
}

/** Headers repeat the body so that proxies can route by them; where they differ somebody could be led astray. */
function faultOf(request: IncomingMessage, message: RequestMessage, service: McpService): RpcError | undefined {
  const meta = metaOf(message);
  const version = meta[versionKey];
  const { headers } = request;
  if (typeof version !== 'string' || !isJsonObject(meta[capabilitiesKey]))
    return new RpcError(-32602, `params._meta must have ${versionKey} and ${capabilitiesKey}`, undefined, 400);
  if (headers['mcp-protocol-version'] !== version) return mismatch('MCP-Protocol-Version');
  if (!isModern(version))
    return new RpcError(
      -32022,
      'Unsupported protocol version',
      { supported: [...modernRevisions, ...legacyRevisions], requested: version.slice(0, 32) },
      400,
    );
  if (headers['mcp-method'] !== message.method) return mismatch('Mcp-Method');
  const name = namedIn(message.method, message.params);
  if (name !== undefined && headerValue(headers['mcp-name']) !== name) return mismatch('Mcp-Name');
  const differs = paramFault(request, message, service);
  if (differs !== undefined) return mismatch(differs);
  if (removedMethods.has(message.method) || !service.methods.has(message.method))
    return new RpcError(-32601, `There is no method ${JSON.stringify(message.method.slice(0, 64))}`, undefined, 404);
  return undefined;
}

function paramFault(request: IncomingMessage, message: RequestMessage, service: McpService): string | undefined {
  const { name, arguments: input } = message.params;
  if (message.method !== 'tools/call' || typeof name !== 'string') return undefined;
  const mirrored = service.mirrored.get(name);
  return mirrored === undefined ? undefined : mismatchedParam(mirrored, request.headersDistinct, input);
}

/** What 2026-07-28 took out of the protocol: answered to older clients only ("Removed methods"). */
const removedMethods: ReadonlySet<string> = new Set([
  ...[
    'initialize',
    'ping',
    'logging/setLevel',
    'resources/subscribe',
    'resources/unsubscribe',
    'tasks/list',
    'tasks/result',
  ],
]);

const mismatch = (header: string): RpcError =>
  new RpcError(-32020, `Header mismatch: ${header} is missing or differs from the body`, undefined, 400);

function modernPeer({ caller }: Posted, params: JsonObject): Peer {
  const meta = metaOf({ params });
  const info = meta[clientKey];
  const text = (key: string): string | undefined => {
    const value = isJsonObject(info) ? info[key] : undefined;
    return typeof value === 'string' ? value.slice(0, 128) : undefined;
  };
  const capabilities = meta[capabilitiesKey];
  return {
    principal: caller.principal,
    client: clientNamed(text('name'), text('version')),
    revision: String(meta[versionKey]),
    capabilities: isJsonObject(capabilities) ? capabilities : {},
    session: undefined,
  };
}

const marks = new WeakMap<McpService, string>();

/** A result says what it is and whose; a method that answers another kind of result says so itself. */
function complete(service: McpService, result: string): string {
  if (result.startsWith('{"resultType":')) return result;
  const mark =
    marks.get(service) ??
    `{"resultType":"complete","_meta":${JSON.stringify({ 'io.modelcontextprotocol/serverInfo': service.serverInfo })}`;
  marks.set(service, mark);
  return result === '{}' ? `${mark}}` : `${mark},${result.slice(1)}`;
}
