import { createHash } from 'node:crypto';
import type { AuditLog } from '../domain/audit-event.ts';
import type { Clock, Log, Random } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import type { Session, SessionEnd, SessionStart, Sessions, Suspensions } from '../domain/identity.ts';
import { ident } from '../domain/masked.ts';
import { samePrincipal } from '../domain/principal.ts';
import type { State } from '../domain/state.ts';
import type { SessionLimits } from './config.ts';
import { openSessionFiles, type SessionFiles } from './session-files.ts';

export interface SessionOptions {
  readonly state: Pick<State, 'folder' | 'mark' | 'isAlive' | 'watch' | 'process'>;
  readonly audit: Pick<AuditLog, 'append' | 'note'>;
  readonly suspensions: Suspensions;
  readonly limits: SessionLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface OpenSessions extends Sessions {
  /** How many are open in this process. */
  readonly count: number;
  close(): Promise<void>;
}

interface Held extends Session {
  readonly name: string;
  readonly start: SessionStart;
  readonly expiresAt: number;
  readonly controller: AbortController;
  seenAt: number;
  touchedAt: number;
  ended: SessionEnd | undefined;
}

/** Milliseconds between two looks at the time of the sessions, and between two marks of when one was seen. */
const lookEvery = 500;
const touchEvery = 60_000;

/**
 * What lists and logs call a session. The id itself lets its holder go on, so it is written nowhere.
 */
export const sessionName = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 32);

/** The sessions of this process; the state directory shows them to others, who may end them there. */
export async function openSessions(options: SessionOptions): Promise<OpenSessions> {
  const files = await openSessionFiles(options.state);
  const held = new Map<string, Held>();
  const registry = createRegistry(options, files, held);
  const stopWatching = options.state.watch(files.folder, () => void registry.lookForRevoked());
  const timer = setInterval(() => registry.lookAtTime(), lookEvery).unref();
  const stopSuspensions = options.suspensions.watch(() => registry.lookForSuspended());
  return {
    open: (start) => registry.open(start),
    current: (id, principal) => {
      const session = held.get(id);
      if (session === undefined || !samePrincipal(session.principal, principal)) throw noSession();
      if (session.signal.aborted) throw session.signal.reason;
      seen(session, options.clock.now(), files);
      return session;
    },
    end: async (id, why) => {
      const session = held.get(id);
      if (session !== undefined) await registry.end(session, why);
    },
    get count() {
      return held.size;
    },
    close: async () => {
      clearInterval(timer);
      stopWatching();
      stopSuspensions();
      await Promise.all([...held.values()].map((session) => registry.end(session, 'closed')));
    },
  };
}

function seen(session: Held, now: number, files: SessionFiles): void {
  session.seenAt = now;
  if (Math.abs(now - session.touchedAt) < touchEvery) return;
  session.touchedAt = now;
  files.touch(session.name, now);
}

function createRegistry(options: SessionOptions, files: SessionFiles, held: Map<string, Held>) {
  const { clock, limits, log } = options;
  const end = async (session: Held, why: SessionEnd): Promise<void> => {
    if (!held.delete(session.id)) return;
    session.ended = why;
    session.controller.abort(endedBecause[why]());
    // Who revoked it has said so in the log, with a name.
    if (why !== 'revoked') note(options, 'SessionEnded', session, { state: ident(why) });
    await files.remove(session.name);
  };
  const lost = (thrown: unknown): void => log.warn('a session could not be looked after', { cause: String(thrown) });
  return {
    end,
    open: async (start: SessionStart): Promise<Session> => {
      options.suspensions.check(start.principal);
      const own = [...held.values()].filter(({ principal }) => samePrincipal(principal, start.principal));
      if (own.length >= limits.perPrincipal) throw tooMany(limits.perPrincipal);
      const session = newSession(options, start);
      // Taken before anything is awaited, so that many at once do not pass the limit together.
      held.set(session.id, session);
      try {
        const { name, expiresAt, seenAt } = session;
        const { groups, ...principal } = start.principal;
        await files.create(name, {
          ...{ version: 1, id: name, process: options.state.process, startedAt: seenAt, expiresAt },
          ...{ ...start, principal: { ...principal, groups: [...groups] } },
        });
        await options.audit.append(line('SessionStarted', session, {}));
      } catch (thrown) {
        held.delete(session.id);
        await files.remove(session.name);
        throw thrown;
      }
      return session;
    },
    lookAtTime: () => {
      const now = clock.now();
      for (const session of held.values()) {
        const why =
          now >= session.expiresAt
            ? 'expired'
            : now - session.seenAt >= limits.idleMinutes * 60_000
              ? 'idle'
              : undefined;
        if (why !== undefined) void end(session, why).catch(lost);
      }
    },
    lookForSuspended: () => {
      for (const session of held.values()) {
        try {
          options.suspensions.check(session.principal);
        } catch {
          void end(session, 'suspended').catch(lost);
        }
      }
    },
    lookForRevoked: async () => {
      const revoked = await files.revoked().catch((thrown: unknown) => {
        // Who was revoked cannot be told, so everybody was.
        lost(thrown);
        return undefined;
      });
      for (const session of held.values())
        if (revoked === undefined || revoked.has(session.name)) await end(session, 'revoked').catch(lost);
    },
  };
}

function newSession({ clock, random, limits }: SessionOptions, start: SessionStart): Held {
  const id = Buffer.from(random.bytes(24)).toString('base64url');
  const now = clock.now();
  const controller = new AbortController();
  return {
    ...{ id, name: sessionName(id), start, controller, signal: controller.signal, principal: start.principal },
    ...{ expiresAt: now + limits.hours * 3_600_000, seenAt: now, touchedAt: now, ended: undefined },
  };
}

const line = (
  type: 'SessionStarted' | 'SessionEnded',
  { name, principal, start }: Held,
  fields: { readonly state?: ReturnType<typeof ident> },
) => ({
  type,
  invocation: '',
  fields: {
    ...{ session: ident(name), principal: ident(principal.agent), issuer: ident(principal.issuer) },
    ...(principal.person === undefined ? {} : { actingFor: ident(principal.person) }),
    ...{ client: ident(start.client.name.slice(0, 64)), channel: ident(start.transport), ...fields },
  },
});

const note = ({ audit }: SessionOptions, ...event: Parameters<typeof line>): void => audit.note(line(...event));

const unauthorized = (message: string, hint: string): CountersignError =>
  new CountersignError('Unauthorized', message, { hint });

/** The same for somebody else's session as for none: nobody learns which ids there are. */
const noSession = (): CountersignError => unauthorized('There is no such session', 'initialize a new session');

const endedBecause: Readonly<Record<SessionEnd, () => CountersignError>> = {
  closed: () => unauthorized('The session has ended', 'initialize a new session'),
  idle: () => unauthorized('The session was idle too long and has ended', 'initialize a new session'),
  expired: () => unauthorized('The time of the session is over', 'initialize a new session'),
  suspended: () => unauthorized('The session has ended: its principal is suspended', 'stop, and tell the user'),
  revoked: () =>
    unauthorized('An operator has revoked the session', 'stop, and tell the user that an operator ended this'),
};

const tooMany = (most: number): CountersignError =>
  new CountersignError('RateLimited', `${most} sessions of yours are open, which is the most at once`, {
    hint: 'end sessions that you do not use any more',
  });
