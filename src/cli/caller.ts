import type { Composition } from '../composition.ts';
import type { Clock } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import type { Session } from '../domain/identity.ts';
import type { Invocation } from '../domain/invocation.ts';
import { type Principal, samePrincipal } from '../domain/principal.ts';
import { type Standing, type Stood, standingOf, tokenRefused } from '../domain/standing.ts';
import { localPrincipal } from '../identity/local.ts';
import { type TokenSource, tokenSource } from '../identity/token-source.ts';

/** Who is at the other end of stdio, for one call. */
interface Identified {
  readonly principal: Principal;
  readonly standing: Standing;
}

type Client = Invocation['client'];
type Identify = (composition: Composition, client: Client) => Identified | Promise<Identified>;

/** The caller before anything is open: the gate is not reached as this. */
export const nobody = localPrincipal('nobody', { byOsUser: () => undefined });

/**
 * With COUNTERSIGN_TOKEN or its file the token says who calls, and is checked at every call; without one it is the user of the
 * process, and nothing is waited for. The functions throw Unauthorized, or Unavailable where that cannot be found out.
 */
export function createStdioCaller(env: Readonly<Record<string, string | undefined>>, clock: Clock): Identify {
  const source = tokenSource(env);
  const sessionFor = createStdioSession();
  return source === undefined ? byUser(sessionFor, clock) : byToken(source, sessionFor, clock);
}

function byUser(sessionFor: SessionFor, clock: Clock): Identify {
  // The user of a process does not change, and the system is slow to tell it.
  let principal: Principal | undefined;
  let last: { readonly session: Session; readonly identified: Identified } | undefined;
  const identified = (session: Session, stood: Omit<Stood, 'session'>): Identified => {
    if (last?.session !== session)
      last = { session, identified: { principal: stood.principal, standing: standingOf({ ...stood, session }) } };
    return last.identified;
  };
  return (composition, client) => {
    principal ??= localPrincipal(composition.localUser(), composition.people);
    const stood = { principal, suspensions: composition.identity.suspensions, clock };
    const session = sessionFor(composition, principal, client);
    return session instanceof Promise
      ? session.then((opened) => identified(opened, stood))
      : identified(session, stood);
  };
}

function byToken(source: TokenSource, sessionFor: SessionFor, clock: Clock): Identify {
  return async (composition, client) => {
    const { authenticator, suspensions } = composition.identity;
    if (authenticator === undefined)
      throw new CountersignError('Unauthorized', 'A token is given, and the configuration names no issuer of tokens', {
        hint: 'tell the operator to name its issuer under identity.issuers, or to start this without a token',
      });
    const presented = { authorization: [`Bearer ${source()}`], dpop: [], method: '', url: '' };
    const caller = await authenticator.authenticate(presented).catch((thrown: unknown) => {
      throw tokenRefused(thrown);
    });
    const { principal } = caller;
    const session = await sessionFor(composition, principal, client);
    return {
      principal,
      standing: standingOf({ principal, suspensions, clock, session, caller, authenticator }),
    };
  };
}

type SessionFor = (composition: Composition, principal: Principal, client: Client) => Session | Promise<Session>;

/** One process is one session: a new one when it ran out, but never after it was revoked. */
function createStdioSession(): SessionFor {
  let session: Session | undefined;
  let opening: { readonly principal: Principal; readonly opened: Promise<Session> } | undefined;
  const open = ({ identity }: Composition, principal: Principal, client: Client): Promise<Session> => {
    if (opening !== undefined && samePrincipal(opening.principal, principal)) return opening.opened;
    const opened = identity.sessions.open({ principal, client, transport: 'stdio' }).then(async (made) => {
      const before = session;
      session = made;
      // A renewed token may be somebody else's.
      if (before !== undefined) await identity.sessions.end(before.id, 'closed');
      return made;
    });
    const mine = { principal, opened };
    opening = mine;
    const done = (): void => {
      if (opening === mine) opening = undefined;
    };
    opened.then(done, done);
    return opened;
  };
  return (composition, principal, client) => {
    if (session?.ended === 'revoked') throw session.signal.reason;
    if (session === undefined || session.ended !== undefined || !samePrincipal(session.principal, principal))
      return open(composition, principal, client);
    return composition.identity.sessions.current(session.id, principal);
  };
}
