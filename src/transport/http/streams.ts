import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../domain/identity.ts';
import { standingOf } from '../../domain/standing.ts';
import { type HttpContext, refusal, refuse } from './context.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { onLost, takesStream } from './posted.ts';
import type { HttpSession } from './session-table.ts';

const keepAliveEvery = 15_000;

/** GET `/mcp`: a stream that is for no request, or with `Last-Event-ID` the rest of one that was lost. */
export async function openListening(
  context: HttpContext,
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
): Promise<void> {
  const id = request.headers['mcp-session-id'];
  if (typeof id !== 'string' || !context.sessions)
    return refuse(response, 405, refusal('Without a session there is nothing to listen to'), { allow: 'POST' });
  const session = context.table.find(id, caller);
  if (session === undefined) return refuse(response, 404, refusal('There is no such session. Send initialize again.'));
  if (!takesStream(request)) return refuse(response, 406, refusal('The Accept header must have text/event-stream'));
  const last = request.headers['last-event-id'];
  if (typeof last === 'string') return resume(context, response, session, last);
  if (session.hangUp !== undefined)
    return refuse(response, 409, refusal('This session has a listening stream already'));
  listen(context, response, session);
}

function listen(context: HttpContext, response: ServerResponse, session: HttpSession): void {
  const stream = openEventStream(response, undefined);
  const hangUp = keepOpen(context, session, stream, () => {
    if (session.hangUp === hangUp) session.hangUp = undefined;
  });
  session.hangUp = hangUp;
  onLost(response, hangUp);
}

/** What was missed, and then what comes. An event that is not kept, or somebody else's, answers alike. */
async function resume(
  context: HttpContext,
  response: ServerResponse,
  session: HttpSession,
  last: string,
): Promise<void> {
  const found = context.store.find(session.session.id, last);
  if (found === undefined)
    return refuse(response, 400, refusal('There is no such event any more. Send the request again.'));
  const { stream, after } = found;
  const wire = openEventStream(response, `${stream.key}.${after}`);
  const hangUp = keepOpen(context, session, wire, () => {
    if (stream.listener === listener) stream.listener = undefined;
  });
  const listener = (message: string, sequence: number): void => {
    wire.message(message, `${stream.key}.${sequence}`);
    if (stream.done) hangUp();
  };
  for (const [index, message] of stream.messages.entries())
    if (index + 1 > after) wire.message(message, `${stream.key}.${index + 1}`);
  if (stream.done) return hangUp();
  stream.listener = listener;
  onLost(response, hangUp);
}

/** Comments every 15 s, and an end when the caller may not listen any more. */
function keepOpen(context: HttpContext, session: HttpSession, stream: EventStream, ended: () => void): () => void {
  const standing = standingOf({
    principal: session.session.principal,
    suspensions: context.suspensions,
    clock: context.clock,
    session: session.session,
  });
  let spokeAt = context.clock.now();
  let open = true;
  const hangUp = (): void => {
    if (!open) return;
    open = false;
    leave();
    stopWatching();
    ended();
    stream.end();
  };
  // In memory, so it ends at once; should a look ever have to wait, its refusal ends the stream too.
  const lookAgain = async (): Promise<void> => {
    try {
      if (session.caller.expiresAt <= context.clock.now()) hangUp();
      await standing.check();
    } catch {
      hangUp();
    }
  };
  const stopWatching = standing.watch(() => void lookAgain());
  const leave = context.streams.add({
    tick: (now) => {
      void lookAgain();
      if (!open || now - spokeAt < keepAliveEvery) return;
      stream.keepAlive();
      spokeAt = now;
    },
    close: hangUp,
  });
  return hangUp;
}
