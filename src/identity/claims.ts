import type { PeopleRegistry } from '../domain/approval.ts';
import { isJsonObject, type JsonObject } from '../domain/json.ts';
import type { Principal } from '../domain/principal.ts';
import type { IssuerConfig } from './config.ts';
import { clockSkew } from './jwt.ts';
import { refuseToken } from './refuse.ts';

export const allScopes = ['countersign:read', 'countersign:write', 'countersign:exec'] as const;

/** What a good token says, whichever form it has. */
export interface Identity {
  readonly issuer: IssuerConfig;
  readonly subject: string;
  readonly agent: string;
  readonly client: string | undefined;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  /** Milliseconds since 1970, with the clock skew. */
  readonly expiresAt: number;
  /** SHA-256 thumbprint of the key that the token is bound to (RFC 9449). */
  readonly boundTo: string | undefined;
  /** Whether the issuer said so when it was asked, and not the token itself. */
  readonly introspected: boolean;
}

/** @throws Challenge for a subject or a group of Kubernetes itself, and for what cannot be told */
export function identityOf(claims: JsonObject, issuer: IssuerConfig, now: number): Identity {
  const subject = name(claims.sub);
  if (subject === undefined) throw refuseToken('the token has no sub that can be used');
  refuseOtherUses(claims);
  refuseSystem(subject, issuer);
  const client = clientOf(claims, issuer);
  return {
    issuer,
    subject,
    client,
    agent: agentOf(claims, issuer, subject, client),
    groups: groupsOf(claims, issuer),
    scopes: scopesOf(claims, issuer),
    expiresAt: expiryOf(claims, issuer, now),
    boundTo: bindingOf(claims),
    introspected: false,
  };
}

/** The person is looked up for each call: the registry changes while tokens live. */
export function principalOf(identity: Identity, people: Pick<PeopleRegistry, 'bySubject' | 'byWorkload'>): Principal {
  const { subject, client, agent, groups } = identity;
  const { issuer, subjects } = identity.issuer;
  // A client that acts for itself is nobody, also where it has chosen the name of a person as its own (RFC 9068 §5).
  const alone = subjects === 'people' && subject === client;
  const person =
    subjects === 'workloads'
      ? people.byWorkload(issuer, subject)
      : alone
        ? undefined
        : people.bySubject(issuer, subject);
  return {
    issuer,
    subject,
    groups,
    agent,
    ...(client === undefined ? {} : { client }),
    ...(person === undefined ? {} : { person: person.id }),
    verified: true,
  };
}

/** As OpenID Connect wants `sub`: ASCII, so that no two read alike in a line of the log. Compared letter by letter. */
const name = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x20-\x7e]{1,512}$/.test(value) ? value : undefined;

/** People write groups in their own language; whoever prints one escapes it. */
const groupName = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length > 0 && value.length <= 512 ? value : undefined;

/** Keycloak writes into the claims what a token is for. */
function refuseOtherUses({ typ }: JsonObject): void {
  if (typeof typ === 'string' && ['id', 'refresh', 'offline', 'logout'].includes(typ.toLowerCase()))
    throw refuseToken('the token is no access token');
}

/** `system:` names are the API server's own. A service account's is one of them, and only its cluster may give it. */
function refuseSystem(subject: string, { subjects }: IssuerConfig): void {
  if (!subject.toLowerCase().startsWith('system:')) return;
  if (subjects === 'workloads' && /^system:serviceaccount:[a-z0-9-]{1,63}:[a-z0-9.-]{1,253}$/.test(subject)) return;
  throw refuseToken('the sub of the token is a system: name, which no issuer may give');
}

function clientOf(claims: JsonObject, { clientClaim }: IssuerConfig): string | undefined {
  const from = clientClaim === undefined ? ['client_id', 'azp', 'cid', 'appid'] : [clientClaim];
  const found = from.find((claim) => claims[claim] !== undefined);
  if (found === undefined) return undefined;
  const client = name(claims[found]);
  if (client === undefined) throw refuseToken(`the ${found} of the token is not valid`);
  return client;
}

/** RFC 8693: `act.sub` is who acts now; actors inside it are history. */
function agentOf({ act }: JsonObject, { subjects }: IssuerConfig, subject: string, client: string | undefined): string {
  if (subjects === 'workloads') return notLocal(subject);
  const actor = act === undefined ? client : isJsonObject(act) ? name(act.sub) : undefined;
  if (actor === undefined) throw refuseToken('the token names no agent: neither act.sub nor a client');
  if (actor.toLowerCase().startsWith('system:')) throw refuseToken('the agent of the token has a system: name');
  return notLocal(actor);
}

/** `local:` are the users of this machine, without a token: rules name them so, and the log. */
function notLocal(agent: string): string {
  if (!agent.toLowerCase().startsWith('local:')) return agent;
  throw refuseToken('the agent of the token has a local: name, which no issuer may give');
}

function groupsOf(claims: JsonObject, { groupsClaim }: IssuerConfig): readonly string[] {
  const elsewhere = claims._claim_names;
  if (claims.hasgroups !== undefined || (isJsonObject(elsewhere) && Object.hasOwn(elsewhere, groupsClaim)))
    throw refuseToken('the token does not hold its groups because there are too many: have the issuer send fewer');
  const value = Object.hasOwn(claims, groupsClaim) ? claims[groupsClaim] : [];
  const groups = (Array.isArray(value) ? value : [value]).map(groupName);
  if (groups.length > 500 || groups.includes(undefined)) throw refuseToken('the groups of the token are not valid');
  const known = groups.filter((group) => group !== undefined);
  if (known.some((group) => group.toLowerCase().startsWith('system:')))
    throw refuseToken('a group of the token is a system: name, which no issuer may give');
  return known;
}

/** `scope` is a text (RFC 9068), `scp` a text or a list. Without scopes at this issuer a token may be used for everything. */
function scopesOf({ scope, scp }: JsonObject, { scopes, subjects }: IssuerConfig): readonly string[] {
  if ((scopes ?? (subjects === 'people' ? 'required' : 'off')) === 'off') return allScopes;
  const given = scope ?? scp ?? [];
  const list = typeof given === 'string' ? given.split(' ') : Array.isArray(given) ? given : [];
  return allScopes.filter((each) => list.includes(each));
}

/** A token for ten years would outlive whoever was to look after it: it ends some hours after it was made. */
function expiryOf({ exp, iat }: JsonObject, { tokenHours }: IssuerConfig, now: number): number {
  if (typeof exp !== 'number' || !(exp < 1e11)) throw refuseToken('the token has no exp that can be used');
  if (typeof iat !== 'number') return (exp + clockSkew) * 1000;
  if (iat * 1000 > now + clockSkew * 1000) throw refuseToken('the token is not valid yet');
  const latest = iat + tokenHours * 3_600;
  if ((latest + clockSkew) * 1000 <= now)
    throw refuseToken(`the token was made more than ${tokenHours} hours ago, which is the most here: get a new one`);
  return (Math.min(exp, latest) + clockSkew) * 1000;
}

/** A binding that is not checked here is none: RFC 8705's certificates never reach this server. */
function bindingOf({ cnf }: JsonObject): string | undefined {
  if (cnf === undefined) return undefined;
  if (isJsonObject(cnf) && typeof cnf.jkt === 'string' && Object.keys(cnf).length === 1) return cnf.jkt;
  throw refuseToken('the token is bound in a way that this server cannot check');
}
