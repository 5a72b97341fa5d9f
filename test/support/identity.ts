import { randomBytes } from 'node:crypto';
import { CountersignError } from '../../src/domain/errors.ts';
import {
  type Authenticator,
  type Caller,
  Challenge,
  type Session,
  type Sessions,
  type Suspensions,
} from '../../src/domain/identity.ts';
import { type Principal, samePrincipal } from '../../src/domain/principal.ts';

const agentNamed = (agent: string): Principal => ({
  issuer: 'https://idp.example.com',
  subject: agent,
  agent,
  groups: [],
  verified: true,
});

export interface TestIdentity {
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly suspensions: Suspensions;
  suspend(agent: string): void;
  revoke(session: string): void;
  /** Tokens are `<agent>` or `<agent>:<scope>,<scope>`; from now on they are expired. */
  expire(): void;
}

/** Callers whose token is their name: what a transport needs of identity, without its cryptography. */
export function createTestIdentity(scopes: Readonly<Record<string, string>> = {}): TestIdentity {
  const open = new Map<string, Session & { readonly end: AbortController }>();
  const suspended = new Set<string>();
  const watchers = new Set<() => void>();
  let expired = false;
  const callerOf = (token: string): Caller => {
    const [agent = '', granted = ''] = token.split(':');
    if (expired || !/^[a-z]+$/.test(agent)) throw new Challenge(401, 'invalid_token', 'the token is not good');
    const recheck = async (): Promise<void> => {
      if (expired) throw new Challenge(401, 'invalid_token', 'the token has expired');
    };
    return { principal: agentNamed(agent), scopes: granted.split(','), expiresAt: Number.POSITIVE_INFINITY, recheck };
  };
  const unauthorized = (): CountersignError => new CountersignError('Unauthorized', 'There is no such session');
  return {
    authenticator: {
      authenticate: async ({ authorization }) => {
        if (authorization.length === 0) throw new Challenge(401, undefined, 'a token is needed');
        if (authorization.length > 1) throw new Challenge(400, 'invalid_request', 'one Authorization header, not two');
        return callerOf(authorization[0]?.replace(/^Bearer /, '') ?? '');
      },
      scopeFor: (tool) => scopes[tool],
      metadata: (resource) => ({ resource, authorization_servers: ['https://idp.example.com'] }),
    },
    sessions: {
      open: async ({ principal }) => {
        if (suspended.has(principal.agent)) throw new CountersignError('Unauthorized', 'You are suspended');
        const end = new AbortController();
        const session = { id: randomBytes(16).toString('hex'), principal, signal: end.signal, end };
        open.set(session.id, session);
        return session;
      },
      current: (id, principal) => {
        const session = open.get(id);
        if (session === undefined || !samePrincipal(session.principal, principal)) throw unauthorized();
        return session;
      },
      end: async (id) => {
        open.get(id)?.end.abort();
        open.delete(id);
      },
    },
    suspensions: {
      check: ({ agent }) => {
        if (suspended.has(agent)) throw new CountersignError('Unauthorized', 'You are suspended');
      },
      watch: (changed) => {
        watchers.add(changed);
        return () => watchers.delete(changed);
      },
    },
    suspend: (agent) => {
      suspended.add(agent);
      for (const changed of watchers) changed();
    },
    revoke: (id) => {
      open.get(id)?.end.abort();
      open.delete(id);
    },
    expire: () => {
      expired = true;
      for (const changed of watchers) changed();
    },
  };
}
