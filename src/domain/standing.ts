import type { Clock } from './environment.ts';
import { CountersignError } from './errors.ts';
import {
  type Authenticator,
  type Caller,
  Challenge,
  requireScope,
  type Session,
  type Suspensions,
} from './identity.ts';
import type { Principal } from './principal.ts';

/** Whether a caller is still good, and when to ask again. */
export interface Standing {
  /**
   * In memory, but for a token whose issuer is asked. `tool`: its scope is asked for too.
   * @throws Unauthorized saying what to do; Unavailable when it cannot be found out
   */
  check(tool?: string): void | Promise<void>;
  /** Calls back within a second after `check` may have begun to throw. Returns how to stop; call it, or it is called for ever. */
  watch(changed: () => void): () => void;
}

export interface Stood {
  readonly principal: Principal;
  readonly suspensions: Suspensions;
  readonly clock: Clock;
  /** Absent over stdio without a token. */
  readonly caller?: Caller;
  /** With it a tool's scope is asked for again. */
  readonly authenticator?: Pick<Authenticator, 'scopeFor'>;
  readonly session?: Session;
}

/** A call stands as long as its principal is not suspended, its session goes on and its token is good. */
export const standingOf = ({ principal, suspensions, clock, caller, authenticator, session }: Stood): Standing => ({
  check: (tool) => {
    suspensions.check(principal);
    if (session?.signal.aborted === true) throw endedSession(session);
    if (caller === undefined) return;
    if (caller.expiresAt <= clock.now())
      throw tokenRefused(new Challenge(401, 'invalid_token', 'the token has expired'));
    return rechecked(caller, authenticator, tool);
  },
  watch: (changed) => {
    const stop = suspensions.watch(changed);
    session?.signal.addEventListener('abort', changed);
    return () => {
      stop();
      session?.signal.removeEventListener('abort', changed);
    };
  },
});

async function rechecked(caller: Caller, authenticator: Stood['authenticator'], tool?: string): Promise<void> {
  try {
    if (tool !== undefined && authenticator !== undefined) requireScope(authenticator, caller, tool);
    await caller.recheck();
  } catch (thrown) {
    throw tokenRefused(thrown);
  }
}

/** A challenge in the words of a tool result, for callers that see no HTTP status. What is no challenge stays what it is. */
export function tokenRefused(thrown: unknown): unknown {
  if (!(thrown instanceof Challenge)) return thrown;
  return new CountersignError(thrown.status === 503 ? 'Unavailable' : 'Unauthorized', sentence(thrown), {
    hint: hintOf(thrown),
    cause: thrown,
  });
}

const sentence = ({ description }: Challenge): string =>
  `${description.charAt(0).toUpperCase()}${description.slice(1)}`;

function hintOf({ status, error, scopes }: Challenge): string {
  if (status === 503)
    return 'call again in a minute; if it stays, tell the operator that the issuer of tokens is not answering';
  if (error === 'insufficient_scope')
    return `get a token with the scope ${scopes.join(' ')}, or tell the user that it is needed`;
  return 'get a new token for this server from its issuer; do not try another tool or a shell';
}

const endedSession = ({ signal }: Session): CountersignError =>
  signal.reason instanceof CountersignError
    ? signal.reason
    : new CountersignError('Unauthorized', 'The session has ended', { hint: 'connect again' });
