import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../domain/identity.ts';
import { clientNamed } from '../calls.ts';
import { BodyTooLarge, readBody } from './body.ts';
import { type HttpContext, refusal, refuse } from './context.ts';
import { unnamedRevision } from './revisions.ts';
import { isId, type Message, RpcError } from './rpc.ts';
import type { Peer } from './service.ts';
import type { HttpSession } from './session-table.ts';

/** One POST, parsed. */
export interface Posted {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Caller;
  readonly bytes: number;
}

/** The body as JSON; undefined: it is answered already. */
export async function readJson(
  context: HttpContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<{ readonly value: unknown; readonly bytes: number } | undefined> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    request.resume();
    refuse(response, 415, refusal('The Content-Type must be application/json'));
    return undefined;
  }
  try {
    const body = await readBody(request, context.maxBytes);
    return { value: JSON.parse(body.toString('utf8')), bytes: body.length };
  } catch (thrown) {
    if (thrown instanceof BodyTooLarge) tooLarge(context, response);
    else if (thrown instanceof SyntaxError)
      refuse(response, 400, new RpcError(-32700, 'Parse error: the body is not JSON'));
    return undefined;
  }
}

function tooLarge(context: HttpContext, response: ServerResponse): void {
  context.metrics.count('refused_requests', { reason: 'too_large' });
  const message = `The message has more than ${context.maxBytes} bytes, which is more than this server reads. Split it into several calls.`;
  // What is still on its way is not read: the connection ends with the answer.
  refuse(response, 413, refusal(message), { connection: 'close' });
}

/** A connection that closes before its answer was whole; also one that closed while its token was looked at. */
export function onLost(response: ServerResponse, lost: () => void): void {
  if (response.closed) {
    if (!response.writableFinished) lost();
    return;
  }
  response.once('close', () => {
    if (!response.writableFinished) lost();
  });
}

export const takesStream = (request: IncomingMessage): boolean =>
  /text\/event-stream|\*\/\*/.test(request.headers.accept ?? '');

export function legacyPeer({ request, caller }: Posted, session: HttpSession | undefined): Peer {
  const { principal } = caller;
  if (session !== undefined) {
    const { client, revision } = session;
    return { principal, client, revision, capabilities: {}, session: session.session.id };
  }
  const revision = request.headers['mcp-protocol-version'];
  return {
    principal,
    client: clientNamed(undefined, undefined),
    revision: typeof revision === 'string' ? revision : unnamedRevision,
    capabilities: {},
    session: undefined,
  };
}

/** Notifications and answers of the client: taken, whatever they say. */
export function hear(
  context: HttpContext,
  session: HttpSession | undefined,
  message: Exclude<Message, { kind: 'request' }>,
): void {
  if (message.kind === 'response') context.service.answered?.(session?.session.id, message.message);
  else if (message.method === 'notifications/cancelled') {
    const { requestId } = message.params;
    if (isId(requestId)) session?.running?.get(requestId)?.();
  }
}
