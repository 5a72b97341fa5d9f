import type { JsonObject } from './json.ts';

/**
 * Who is calling. `issuer`, `subject` and `agent` identify; groups and the rest describe.
 * In RFC 8693 words `sub` is the person and `act.sub` the agent; over stdio without a token it is the local user, unverified.
 */
export interface Principal {
  readonly issuer: string;
  readonly subject: string;
  readonly client?: string;
  readonly groups: readonly string[];
  /** What people call the agent: `act.sub`, the client, or `local:<os user>`. */
  readonly agent: string;
  /** The person behind the agent, the id of a record of the people registry; undefined: nobody is known. */
  readonly person?: string;
  /** Whether a token was verified; false over stdio without one. */
  readonly verified: boolean;
}

/** What of a principal enters digests: issuer, subject and actor, not groups or expiry. */
export const principalForm = (principal: Principal): JsonObject => ({
  issuer: principal.issuer,
  subject: principal.subject,
  agent: principal.agent,
});

export const samePrincipal = (a: Principal, b: Principal): boolean =>
  a.issuer === b.issuer && a.subject === b.subject && a.agent === b.agent;

const keys = new WeakMap<Principal, string>();

/** One text for each principal that `samePrincipal` tells apart, made once for each object. */
export function principalKey(principal: Principal): string {
  const known = keys.get(principal);
  if (known !== undefined) return known;
  const key = JSON.stringify([principal.issuer, principal.subject, principal.agent]);
  keys.set(principal, key);
  return key;
}

/** Whether nothing that a decision goes by differs: another token of the same principal may say less than this one did. */
export const sameRights = (a: Principal, b: Principal): boolean =>
  samePrincipal(a, b) &&
  a.client === b.client &&
  a.person === b.person &&
  a.verified === b.verified &&
  a.groups.every((group) => b.groups.includes(group)) &&
  b.groups.every((group) => a.groups.includes(group));
