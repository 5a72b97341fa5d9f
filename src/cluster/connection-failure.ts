import { CountersignError } from '../domain/errors.ts';

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name server did not answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is unreachable',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 3 s',
  UND_ERR_SOCKET: 'the connection was lost',
  UND_ERR_DESTROYED: 'Countersign is stopping',
  UND_ERR_CLOSED: 'Countersign is stopping',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the server certificate is for another host',
  CERT_HAS_EXPIRED: 'the server certificate has expired',
  SELF_SIGNED_CERT_IN_CHAIN: 'the server certificate is not signed by the configured CA',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the server certificate is not signed by the configured CA',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the server certificate is not signed by the configured CA',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the server certificate is not signed by the configured CA',
  CERT_SIGNATURE_FAILURE: 'the server certificate is not signed by the configured CA',
};

const droppedCodes = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** There was no answer. `sent`: the request had begun to leave, so the server may have done it. */
export class ConnectionFailure extends Error {
  readonly sent: boolean;
  /** The connection went away before any answer: what happens to a kept-alive one that the server closed meanwhile. */
  readonly dropped: boolean;

  constructor(message: string, sent: boolean, dropped = false, cause?: unknown) {
    super(message, { cause });
    this.sent = sent;
    this.dropped = dropped;
  }

  static of(error: unknown, sent: boolean, unanswered = true): ConnectionFailure {
    const code = codeOf(error);
    return new ConnectionFailure(words[code] ?? `${code}`, sent, sent && unanswered && droppedCodes.has(code), error);
  }
}

/** The code alone: the text of a network error names addresses and paths. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'the connection failed';
}

export function failureError(
  failure: ConnectionFailure,
  request: { readonly what: string; readonly mutates: boolean },
  host: string,
): CountersignError {
  if (request.mutates && failure.sent) return unknownError(request.what, `${failure.message} (${host})`, failure);
  return new CountersignError('Unavailable', `the cluster at ${host} does not answer: ${failure.message}`, {
    hint: 'nothing was changed; try again later, or tell the operator to run countersign doctor',
    cause: failure,
  });
}

export const unknownError = (what: string, why: string, cause?: unknown, upstream?: string): CountersignError =>
  new CountersignError('Unknown', `nobody knows whether this was done: ${what}; ${why}`, {
    hint: 'read the object before anything else; do not send the same change again',
    ...(upstream === undefined ? {} : { upstream }),
    cause,
  });
