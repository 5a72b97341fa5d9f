import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../domain/identity.ts';
import { type Endpoint, type HttpContext, refusal, refuse, refusedBy } from './context.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { type ReplyTo, type RequestMessage, runExchange, scopeAllows } from './exchange.ts';
import { initializeResult, openSession, revisionAsked } from './hello.ts';
import { hear, legacyPeer, onLost, readJson } from './posted.ts';
import { classify, errorMessage, RpcError, resultMessage } from './rpc.ts';
import type { HttpSession } from './session-table.ts';

/** A stream that a client opened and has the address of; who else learns the address has nothing without the client's token. */
interface Line {
  readonly caller: Caller;
  readonly stream: EventStream;
  session: HttpSession | undefined;
  /** It has said initialize, whose session may still be on its way. */
  greeted: boolean;
  closed: boolean;
  close: () => void;
}

const keepAliveEvery = 15_000;
/** A stream without `initialize` is nobody's session and counted nowhere: it may not stay. */
const helloWithin = 30_000;

export interface LegacySse {
  /** GET `/sse`. */
  readonly listen: Endpoint;
  /** POST `/messages`. */
  readonly message: Endpoint;
}

/** HTTP+SSE of 2024-11-05: one stream for all answers, and an address to send to. The end of the stream is the end of the session. */
export function createLegacySse(context: HttpContext): LegacySse {
  const lines = new Map<string, Line>();

  const listen: Endpoint = async (_request, response, caller) => {
    const id = Buffer.from(context.random.bytes(16)).toString('base64url');
    const stream = openEventStream(response, undefined);
    const line: Line = { caller, stream, session: undefined, greeted: false, closed: false, close: () => {} };
    const close = once(() => {
      line.closed = true;
      leave();
      lines.delete(id);
      stream.end();
      if (line.session !== undefined) void context.table.close(line.session);
    });
    line.close = close;
    const leave = context.streams.add(beating(context, line));
    lines.set(id, line);
    stream.event('endpoint', `/messages?sessionId=${id}`);
    onLost(response, close);
  };

  const message: Endpoint = async (request, response, caller) => {
    const id = new URL(request.url ?? '', 'http://localhost').searchParams.get('sessionId') ?? '';
    const line = lines.get(id);
    const { issuer, subject, agent } = caller.principal;
    const theirs = line?.caller.principal;
    if (line === undefined || theirs?.issuer !== issuer || theirs.subject !== subject || theirs.agent !== agent) {
      request.resume();
      return refuse(response, 404, refusal('There is no such session. Open the stream again.'));
    }
    await take(context, line, request, response, caller);
  };
  return { listen, message };
}

async function take(
  context: HttpContext,
  line: Line,
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
): Promise<void> {
  const parsed = await readJson(context, request, response);
  if (parsed === undefined) return;
  const message = classify(parsed.value);
  if (message === undefined) return refuse(response, 400, refusal('Not a JSON-RPC 2.0 message'));
  if (!scopeAllows(context, message, caller, response)) return;
  if (message.kind === 'request' && message.method === 'initialize')
    return hello(context, line, message, response, caller);
  const { session } = line;
  if (session === undefined || context.table.find(session.session.id, caller) === undefined)
    return refuse(response, 400, refusal('Send initialize first'));
  if (message.kind === 'request') {
    const peer = legacyPeer({ request, response, caller, bytes: parsed.bytes }, session);
    runExchange({ context, message, bytes: parsed.bytes, caller, peer, session, reply: onLine(line) });
  } else hear(context, session, message);
  response.writeHead(202).end();
}

async function hello(
  context: HttpContext,
  line: Line,
  message: RequestMessage,
  response: ServerResponse,
  caller: Caller,
): Promise<void> {
  if (line.greeted) return refuse(response, 400, refusal('This stream has said initialize already'));
  line.greeted = true;
  try {
    const session = await openSession(context.table, caller, message.params, 'sse');
    // Nobody could go on with it, or end it.
    if (line.closed) {
      await context.table.close(session);
      return refuse(response, 404, refusal('There is no such session. Open the stream again.'));
    }
    line.session = session;
    line.session.hangUp = line.close;
    response.writeHead(202).end();
    line.stream.message(
      resultMessage(message.id, initializeResult(context.service, revisionAsked(message.params))),
      undefined,
    );
  } catch (thrown) {
    line.greeted = false;
    const error = refusedBy(thrown);
    refuse(response, error.httpStatus ?? 503, error);
    line.stream.message(errorMessage(message.id, new RpcError(error.code, error.message)), undefined);
  }
}

/** Answers of all requests go on the one stream; without it nobody hears them. */
const onLine = ({ stream }: Line): ReplyTo => ({
  send: (json) => stream.message(json, undefined),
  finish: (json) => stream.message(json, undefined),
  cancelled: () => {},
  release: () => {},
  tick: () => {},
});

function beating(context: HttpContext, line: Line) {
  const openedAt = context.clock.now();
  let spokeAt = openedAt;
  return {
    tick: (now: number): void => {
      const expiresAt = line.session?.caller.expiresAt ?? Math.min(line.caller.expiresAt, openedAt + helloWithin);
      if (expiresAt <= now) line.close();
      else if (now - spokeAt >= keepAliveEvery) {
        line.stream.keepAlive();
        spokeAt = now;
      }
    },
    close: () => line.close(),
  };
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}
