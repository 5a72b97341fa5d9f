import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Caller, Challenge, type Presented } from '../../domain/identity.ts';
import { type HttpContext, refusal, refuse, refusedBy } from './context.ts';
import { valuesOf } from './guard.ts';

export const metadataPath = '/.well-known/oauth-protected-resource';

/** Who calls, checked anew for this request; undefined: it is answered already. */
export async function authenticate(
  context: HttpContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Caller | undefined> {
  try {
    const caller = await context.authenticator.authenticate(presented(context, request));
    context.suspensions.check(caller.principal);
    return caller;
  } catch (thrown) {
    // What else was sent is not kept, but read, so that the answer arrives.
    request.resume();
    challenge(context, response, thrown);
    return undefined;
  }
}

const presented = (context: HttpContext, request: IncomingMessage): Presented => ({
  authorization: valuesOf(request, 'authorization'),
  dpop: valuesOf(request, 'dpop'),
  method: request.method ?? '',
  url: `${context.origin()}${pathOf(request)}`,
});

export const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?', 1)[0] ?? '';

/** Turns a caller away in the words of RFC 6750, and says where the way to a token begins (RFC 9728). */
export function challenge(context: HttpContext, response: ServerResponse, thrown: unknown): void {
  if (!(thrown instanceof Challenge)) {
    const error = refusedBy(thrown);
    context.metrics.count('refused_requests', { reason: 'not_allowed' });
    refuse(response, error.httpStatus ?? 503, error);
    return;
  }
  const { status, error, description, scopes } = thrown;
  context.metrics.count('refused_requests', { reason: error ?? 'no_token' });
  refuse(
    response,
    status,
    refusal(description),
    status === 503
      ? { 'retry-after': '5' }
      : {
          'www-authenticate': [
            `${error === 'invalid_dpop_proof' ? 'DPoP' : 'Bearer'} resource_metadata="${context.origin()}${metadataPath}/mcp"`,
            ...(error === undefined ? [] : [`error="${error}"`, `error_description="${quotable(description)}"`]),
            ...(scopes.length === 0 ? [] : [`scope="${scopes.map(quotable).join(' ')}"`]),
          ].join(', '),
        },
  );
}

/** Inside of a quoted string of a header. */
const quotable = (text: string): string => text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "'");
