import { createPeople, peopleConfigSchema } from '../../../src/approval/people.ts';
import type { Log } from '../../../src/domain/environment.ts';
import { type Authenticator, type Caller, Challenge, type Presented } from '../../../src/domain/identity.ts';
import { createAuthenticator } from '../../../src/identity/authenticator.ts';
import { identityConfigSchema } from '../../../src/identity/config.ts';
import { tools } from '../../../tools/index.ts';
import { introspecting, type Oidc, resource } from './oidc.ts';

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A clock that stands still until a test moves it. */
export const clockAt = (start = Date.now()): { now: () => number; ms: number } => {
  const clock = { ms: start, now: () => clock.ms };
  return clock;
};

export interface Rig {
  /** Of the one issuer, people, unless it says otherwise. */
  readonly issuer?: Record<string, unknown>;
  readonly more?: readonly Record<string, unknown>[];
  readonly people?: readonly unknown[];
  readonly clock?: { now: () => number };
  readonly log?: Log;
}

/** The authenticator of a configuration that trusts this identity provider. */
export function authenticatorOf(oidc: Pick<Oidc, 'issuer'>, rig: Rig = {}): Authenticator {
  const { clock = { now: () => Date.now() }, log = silent } = rig;
  const config = identityConfigSchema.parse({
    resource,
    issuers: [
      { issuer: oidc.issuer, subjects: 'people', introspection: introspecting, ...rig.issuer },
      ...(rig.more ?? []),
    ],
  });
  const records = rig.people ?? [{ id: 'ana@example.com', subjects: [{ issuer: oidc.issuer, subject: 'ana' }] }];
  return createAuthenticator(config, { people: createPeople(peopleConfigSchema.parse(records)), tools, clock, log });
}

export const presented = (token: string, extra: Partial<Presented> = {}): Presented => ({
  authorization: [`Bearer ${token}`],
  dpop: [],
  method: 'POST',
  url: resource,
  ...extra,
});

/** Why it was refused; fails where it was not. */
export async function refused(attempt: Promise<Caller>): Promise<Challenge> {
  const outcome = await attempt.catch((thrown: unknown) => thrown);
  if (outcome instanceof Challenge) return outcome;
  throw new Error(`not refused: ${outcome instanceof Error ? outcome.stack : JSON.stringify(outcome)}`);
}

/** Claims of a good token of this issuer, of now. */
export const claimsOf = (oidc: Pick<Oidc, 'issuer'>, extra: Record<string, unknown> = {}) => {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: oidc.issuer,
    sub: 'ana',
    aud: resource,
    client_id: 'agent',
    jti: `${Math.random()}`,
    iat: now,
    exp: now + 300,
    scope: 'countersign:read',
    ...extra,
  };
};
