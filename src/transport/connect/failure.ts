import { CountersignError, toCountersignError } from '../../domain/errors.ts';
import type { JsonObject } from '../../domain/json.ts';
import { errorMessage, type RequestId, RpcError } from '../http/rpc.ts';

/** Why the remote server gave no answer of its own. `status` is one of those of a tool result. */
export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    readonly status: 'unavailable' | 'unauthorized' | 'rate_limited' | 'invalid',
    message: string,
    readonly next: string,
  ) {
    super(message);
  }
}

/** The connection broke after the request was sent. An identical call is one to the server, so sending it again is safe. */
export const lost = (): Failure =>
  new Failure(
    'unavailable',
    'The connection to the Countersign server was lost before it answered; the call may have been taken',
    'send exactly the same call again: the server knows it and asks nobody twice. If a change was held, `approval` without id lists it',
  );

export const unreachable = (origin: string, cause: string): Failure =>
  new Failure(
    'unavailable',
    `The Countersign server at ${origin} cannot be reached (${cause}); nothing was sent`,
    'try again in a minute; if it stays so, tell the user to check the server, the network and the address that `countersign connect` was given',
  );

export const untrusted = (origin: string, cause: string): Failure =>
  new Failure(
    'unavailable',
    `The certificate of ${origin} is not trusted (${cause}); nothing was sent`,
    'tell the user: give `countersign connect` the authority of the server with --ca FILE',
  );

/** Anything thrown on the way, in words for the client. Text of an unknown error is not repeated: it may quote what was sent. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  if (!(thrown instanceof CountersignError)) return lost();
  const error = toCountersignError(thrown);
  return new Failure(
    error.code === 'Unauthorized' ? 'unauthorized' : 'unavailable',
    error.message,
    error.hint ?? 'tell the user',
  );
}

/** An answer of HTTP that is no answer of MCP. `told`: what the server said, if it is one of ours. */
export function refusedWith(status: number, told: string | undefined, location: string | undefined): Failure {
  const said = told === undefined ? '' : `: ${told}`;
  if (status >= 300 && status < 400)
    return new Failure(
      'unavailable',
      `The server redirects${location === undefined ? '' : ` to ${location}`}; a token is never sent after a redirect`,
      'tell the user: give `countersign connect` the address where the server really is',
    );
  if (status === 401 || status === 403)
    return new Failure('unauthorized', `The server refuses this call (${status})${said}`, 'tell the user');
  if (status === 429)
    return new Failure('rate_limited', `The server has too much to do for you${said}`, 'wait, then try again');
  if (status === 413) return new Failure('invalid', `The message is too long${said}`, 'split it into several calls');
  if (status >= 500)
    return new Failure('unavailable', `The server cannot answer now (${status})${said}`, 'try again in a minute');
  return new Failure(
    'invalid',
    `The server does not take this message (${status})${said}`,
    'tell the user: is the address that of a Countersign server, with its path (/mcp)?',
  );
}

/** The failure as an answer: for a tool call a result, which the model reads; for anything else an error of JSON-RPC. */
export function answerOf(id: RequestId | null, method: string, modern: boolean, failure: Failure): string {
  const { status, message, next } = failure;
  if (method !== 'tools/call' || id === null)
    return errorMessage(id, new RpcError(-32000, `${message}. Next: ${next}`, { status, next }));
  const result: JsonObject = {
    ...(modern ? { resultType: 'complete' } : {}),
    content: [{ type: 'text', text: `${message}.\nNext: ${next}.` }],
    structuredContent: { status, message, next },
    isError: true,
  };
  return JSON.stringify({ jsonrpc: '2.0', id, result });
}
