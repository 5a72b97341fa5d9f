import type { ServerResponse } from 'node:http';
import { Hangup, type Signal } from '../../domain/hangup.ts';
import { type Caller, requireScope } from '../../domain/identity.ts';
import { sameRights } from '../../domain/principal.ts';
import { type Standing, standingOf } from '../../domain/standing.ts';
import { challenge } from './authenticate.ts';
import type { HttpContext } from './context.ts';
import { Reply } from './reply.ts';
import { errorMessage, type Message, RpcError, resultMessage } from './rpc.ts';
import type { McpRequest, Peer } from './service.ts';
import type { HttpSession } from './session-table.ts';

export type RequestMessage = Extract<Message, { kind: 'request' }>;

export interface ExchangeOptions {
  readonly context: HttpContext;
  readonly message: RequestMessage;
  readonly bytes: number;
  readonly caller: Caller;
  readonly peer: Peer;
  readonly session: HttpSession | undefined;
  readonly reply: ReplyTo;
  /** The form of a result in this revision. */
  readonly shaped?: (result: string) => string;
}

/** Where an answer goes: the response of its POST, or a stream that is shared. */
export type ReplyTo = Pick<Reply, 'send' | 'finish' | 'cancelled' | 'release' | 'tick'>;

/** A reply on the response of the request; its messages are kept where there is a session to come back to. */
export function replyOn(
  context: HttpContext,
  response: ServerResponse,
  session: HttpSession | undefined,
  streams: boolean,
): Reply {
  const kept = session === undefined ? undefined : { store: context.store, session: session.session.id };
  return new Reply({ response, streams, headers: {}, kept, now: context.clock.now() });
}

export interface Running {
  /** The client does not wait any more. */
  detach(): void;
  readonly ended: Promise<void>;
}

/** Runs one request and writes its answer. Never throws: what fails is an answer too. */
export function runExchange(options: ExchangeOptions): Running {
  const { context, message, session, reply } = options;
  const hangup = new Hangup();
  let silenced = false;
  const leave = context.inFlight.add({ tick: (now) => reply.tick(now), close: () => hangup.abort() });
  const cancel = (): void => {
    silenced = true;
    hangup.abort();
  };
  if (session !== undefined) {
    session.running ??= new Map();
    session.running.set(message.id, cancel);
  }
  const ended = answered(options, hangup)
    .then(({ text, status }) => {
      // MCP, "Cancellation": no answer to what was cancelled.
      if (silenced) reply.cancelled(errorMessage(message.id, new RpcError(-32600, 'Cancelled')));
      else reply.finish(text, status);
    })
    .finally(() => {
      leave();
      if (session?.running?.get(message.id) === cancel) session.running.delete(message.id);
    });
  return { detach: () => hangup.abort(), ended };
}

interface Answer {
  readonly text: string;
  readonly status: number;
}

async function answered(options: ExchangeOptions, signal: Signal): Promise<Answer> {
  const { context, message, shaped } = options;
  const method = context.service.methods.get(message.method);
  try {
    if (method === undefined)
      throw new RpcError(-32601, `There is no method ${JSON.stringify(message.method.slice(0, 64))}`);
    const result = await method(requestOf(options, signal));
    return { text: resultMessage(message.id, shaped === undefined ? result : shaped(result)), status: 200 };
  } catch (thrown) {
    if (thrown instanceof RpcError) return { text: errorMessage(message.id, thrown), status: thrown.httpStatus ?? 200 };
    context.log.error('A request failed in a way that it must not', { method: message.method, cause: String(thrown) });
    return {
      text: errorMessage(message.id, new RpcError(-32603, 'Internal error; the operational log has the cause')),
      status: 200,
    };
  }
}

function requestOf(options: ExchangeOptions, signal: Signal): McpRequest {
  const { context, message, bytes, caller, peer, session, reply } = options;
  return {
    id: message.id,
    params: message.params,
    bytes,
    peer,
    signal,
    standing: standing(context, caller, session),
    send: (json) => reply.send(json),
    release: () => reply.release(),
  };
}

/**
 * In a session the newest token counts: a client that waits for an hour has had several. But only one that says the same: the
 * call was let in by the groups of its own token, and those end with it.
 */
function standing(
  { suspensions, clock, authenticator }: HttpContext,
  caller: Caller,
  session: HttpSession | undefined,
): Standing {
  const { principal } = caller;
  if (session === undefined) return standingOf({ principal, suspensions, clock, caller, authenticator });
  const newest = (): Caller => (sameRights(session.caller.principal, principal) ? session.caller : caller);
  const current: Caller = {
    principal,
    get scopes() {
      return newest().scopes;
    },
    get expiresAt() {
      return newest().expiresAt;
    },
    recheck: () => newest().recheck(),
  };
  return standingOf({ principal, suspensions, clock, caller: current, authenticator, session: session.session });
}

/** A tool asks for the scope of its access; false: the answer is written. */
export function scopeAllows(context: HttpContext, message: Message, caller: Caller, response: ServerResponse): boolean {
  if (message.kind !== 'request' || message.method !== 'tools/call') return true;
  const { name } = message.params;
  if (typeof name !== 'string') return true;
  try {
    requireScope(context.authenticator, caller, context.service.toolNamed(name));
    return true;
  } catch (thrown) {
    challenge(context, response, thrown);
    return false;
  }
}
