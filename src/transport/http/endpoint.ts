import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../domain/identity.ts';
import { isJsonObject } from '../../domain/json.ts';
import { answerBatch } from './batch.ts';
import { type Endpoint, type HttpContext, refusal, refuse, refusedBy } from './context.ts';
import { type RequestMessage, replyOn, runExchange, scopeAllows } from './exchange.ts';
import { initializeResult, openSession, revisionAsked } from './hello.ts';
import { answerModern, speaksModern } from './modern.ts';
import { hear, legacyPeer, onLost, type Posted, readJson, takesStream } from './posted.ts';
import { isLegacy, legacyRevisions, modernRevisions } from './revisions.ts';
import { classify, errorMessage, isId, RpcError, resultMessage } from './rpc.ts';
import type { HttpSession } from './session-table.ts';
import { openListening } from './streams.ts';

/** `/mcp`: Streamable HTTP of all revisions, each request by what it says that it speaks. */
export const createMcpEndpoint =
  (context: HttpContext): Endpoint =>
  async (request, response, caller) => {
    if (request.method === 'POST') return post(context, request, response, caller);
    request.resume();
    if (request.method === 'GET') return openListening(context, request, response, caller);
    if (request.method === 'DELETE') return goodbye(context, request, response, caller);
    return refuse(response, 405, refusal('POST, GET or DELETE'), { allow: 'POST, GET, DELETE' });
  };

async function post(
  context: HttpContext,
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
): Promise<void> {
  const parsed = await readJson(context, request, response);
  if (parsed === undefined) return;
  const posted: Posted = { request, response, caller, bytes: parsed.bytes };
  if (speaksModern(request, parsed.value)) return answerModern(context, posted, parsed.value);
  return answerLegacy(context, posted, parsed.value);
}

async function answerLegacy(context: HttpContext, posted: Posted, value: unknown): Promise<void> {
  const { request, response, caller } = posted;
  const message = classify(value);
  if (message?.kind === 'request' && message.method === 'initialize') return hello(context, posted, message);
  const named = request.headers['mcp-protocol-version'];
  if (named !== undefined && (typeof named !== 'string' || !isLegacy(named)))
    return refuse(response, 400, unsupported(String(named)));
  const session = sessionOf(context, posted);
  if (session === 'refused') return;
  if (Array.isArray(value)) return answerBatch(context, posted, value, session);
  if (message === undefined) {
    const id = isJsonObject(value) && isId(value.id) ? value.id : null;
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(errorMessage(id, new RpcError(-32600, 'Not a JSON-RPC 2.0 message')));
    return;
  }
  if (message.kind !== 'request') {
    hear(context, session, message);
    response.writeHead(202).end();
    return;
  }
  if (!scopeAllows(context, message, caller, response)) return;
  run(context, posted, message, session);
}

function run(context: HttpContext, posted: Posted, message: RequestMessage, session: HttpSession | undefined): void {
  const { request, response, caller, bytes } = posted;
  if (session?.running?.has(message.id) === true) {
    refuse(response, 400, refusal(`The id ${JSON.stringify(message.id)} is in use by another request`));
    return;
  }
  const reply = replyOn(context, response, session, takesStream(request));
  const peer = legacyPeer(posted, session);
  const running = runExchange({ context, message, bytes, caller, peer, session, reply });
  onLost(response, () => {
    if (reply.lost() && !reply.released) running.detach();
  });
}

/** A session of somebody else answers as one that does not exist. */
function sessionOf(context: HttpContext, { request, response, caller }: Posted): HttpSession | undefined | 'refused' {
  const id = request.headers['mcp-session-id'];
  if (typeof id === 'string') {
    const session = context.table.find(id, caller);
    if (session !== undefined) return session;
    refuse(response, 404, refusal('There is no such session. Send initialize again.'));
    return 'refused';
  }
  if (!context.sessions) return undefined;
  refuse(
    response,
    400,
    refusal('The Mcp-Session-Id header is missing: send initialize first, then the id that it answers.'),
  );
  return 'refused';
}

async function hello(context: HttpContext, posted: Posted, message: RequestMessage): Promise<void> {
  const { response, caller } = posted;
  const revision = revisionAsked(message.params);
  const body = resultMessage(message.id, initializeResult(context.service, revision));
  try {
    const entry = context.sessions ? await openSession(context.table, caller, message.params, 'http') : undefined;
    const headers = entry === undefined ? {} : { 'mcp-session-id': entry.session.id };
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...headers,
    });
    response.end(body);
  } catch (thrown) {
    const error = refusedBy(thrown);
    refuse(response, error.httpStatus ?? 503, error);
  }
}

async function goodbye(
  context: HttpContext,
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
): Promise<void> {
  const id = request.headers['mcp-session-id'];
  if (typeof id !== 'string') return refuse(response, 405, refusal('There is no session to end'), { allow: 'POST' });
  const session = context.table.find(id, caller);
  if (session === undefined) return refuse(response, 404, refusal('There is no such session.'));
  await context.table.close(session);
  response.writeHead(204).end();
}

const unsupported = (requested: string): RpcError =>
  new RpcError(-32022, 'Unsupported protocol version', {
    supported: [...modernRevisions, ...legacyRevisions],
    requested: requested.slice(0, 32),
  });
