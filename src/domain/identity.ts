import type { JsonObject } from './json.ts';
import type { Principal } from './principal.ts';

/** What of a request says who calls. Holds a secret: never logged, never kept, never sent on. */
export interface Presented {
  /** Each `Authorization` value that came: two are refused, not chosen between. */
  readonly authorization: readonly string[];
  /** Each `DPoP` value that came (RFC 9449). */
  readonly dpop: readonly string[];
  readonly method: string;
  /** The address that the client used, without query and fragment: what the `htu` of a proof names. */
  readonly url: string;
}

/** A token that was checked. */
export interface Caller {
  readonly principal: Principal;
  /** What the token may be used for; a tool asks for the scope of its access. All of them where the issuer has no scopes. */
  readonly scopes: readonly string[];
  /** Milliseconds since 1970: from then on the token is refused. */
  readonly expiresAt: number;
  /** Whether the token is still good, for a call that waited or a stream that is open; no new proof is asked for. @throws Challenge */
  recheck(): Promise<void>;
}

export interface Authenticator {
  /** Signature, issuer, audience, times and proof of one request, checked anew at every call. @throws Challenge */
  authenticate(presented: Presented): Promise<Caller>;
  /** The scope that a token needs for a tool of this access, undefined: none. */
  scopeFor(tool: string): string | undefined;
  /** The protected resource metadata (RFC 9728) of this server at `resource`. */
  metadata(resource: string): JsonObject;
}

/** Why a caller is turned away, in the words of RFC 6750 and RFC 9449. The description never repeats what came. */
export class Challenge extends Error {
  override readonly name = 'Challenge';

  constructor(
    readonly status: 400 | 401 | 403 | 503,
    readonly error: 'invalid_request' | 'invalid_token' | 'insufficient_scope' | 'invalid_dpop_proof' | undefined,
    readonly description: string,
    /** With `insufficient_scope`: all that the call needs. */
    readonly scopes: readonly string[] = [],
  ) {
    super(description);
  }
}

/**
 * Called first thing with the tool of a call, when the token itself is good.
 * @throws Challenge 403 insufficient_scope, naming all that this call needs
 */
export function requireScope(authenticator: Pick<Authenticator, 'scopeFor'>, caller: Caller, tool: string): void {
  const scope = authenticator.scopeFor(tool);
  if (scope === undefined || caller.scopes.includes(scope)) return;
  throw new Challenge(403, 'insufficient_scope', `the token has not the scope ${scope}, which ${tool} needs`, [scope]);
}

/** One client that has said hello and goes on under an id; short-lived, listed and revoked in the state directory. */
export interface Session {
  readonly id: string;
  readonly principal: Principal;
  /** Aborted within a second after it was revoked in any process, its principal was suspended, or its time is over. */
  readonly signal: AbortSignal;
  /** Why it ended; undefined: it goes on. */
  readonly ended?: SessionEnd | undefined;
}

/** `suspended`: its principal was. */
export type SessionEnd = 'closed' | 'idle' | 'expired' | 'revoked' | 'suspended';

export interface SessionStart {
  readonly principal: Principal;
  readonly client: { readonly name: string; readonly version: string };
  readonly transport: 'stdio' | 'http' | 'sse';
}

export interface Sessions {
  /** Writes it down and says so in the audit log. @throws RateLimited over the limit of sessions a principal, Unauthorized when suspended */
  open(start: SessionStart): Promise<Session>;
  /** The session of this id, if it is this principal's and good; its idle time begins anew. No I/O. @throws Unauthorized, the same for another's as for none */
  current(id: string, principal: Principal): Session;
  end(id: string, why: SessionEnd): Promise<void>;
}

/** Who may not call any more. Read from the state directory, the same in all its processes; unreadable is suspended. */
export interface Suspensions {
  /** In memory. @throws Unauthorized */
  check(principal: Principal): void;
  /** Called within a second of any change, in any process; ask `check` again. Returns how to stop. */
  watch(changed: () => void): () => void;
}
