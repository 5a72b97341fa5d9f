import { createHash } from 'node:crypto';
import type { PeopleRegistry } from '../domain/approval.ts';
import type { Clock, Log } from '../domain/environment.ts';
import { type Authenticator, type Caller, Challenge, type Presented } from '../domain/identity.ts';
import type { JsonObject } from '../domain/json.ts';
import type { AnyTool } from '../domain/tool-contract.ts';
import { allScopes, type Identity, identityOf, principalOf } from './claims.ts';
import type { IdentityConfig, IssuerConfig } from './config.ts';
import { checkProof, proofAlgorithms } from './dpop.ts';
import { checkIntrospected } from './introspected.ts';
import { createIssuer, type Issuer } from './issuer.ts';
import { checkHeader, readJwt, verifyJwt } from './jwt.ts';
import { refuseToken } from './refuse.ts';
import { createReplayGuard, type TakeProof, type UsedProof } from './replay.ts';
import { createVerified } from './verified.ts';

export interface AuthenticatorDeps {
  readonly people: Pick<PeopleRegistry, 'bySubject' | 'byWorkload'>;
  readonly tools: readonly Pick<AnyTool, 'name' | 'access'>[];
  /** Whether a proof is new to the other processes too; absent: there are none. */
  readonly takeProof?: TakeProof;
  readonly clock: Clock;
  readonly log: Log;
}

/** Bytes of a token, looked at before anything is parsed. */
const longestToken = 16_384;

/** Verifies tokens of the configured issuers for this server (OAuth 2.1 resource server, RFC 9068, RFC 7662, RFC 9449). */
export function createAuthenticator(config: IdentityConfig, deps: AuthenticatorDeps): Authenticator {
  const { clock, people } = deps;
  const issuers = config.issuers.map((each) => createIssuer(each, clock, deps.log));
  const byName = new Map(issuers.map((each) => [each.config.issuer, each]));
  const opaque = issuers.find((each) => each.config.introspection !== undefined);
  const takeOnce = createReplayGuard(clock, deps.takeProof);
  const audienceOf = ({ audience }: IssuerConfig): string => audience ?? config.resource ?? '';

  const verify = async (token: string): Promise<Identity> => {
    const jwt = readJwt(token);
    if (jwt === undefined) {
      if (opaque === undefined) throw refuseToken('the token is no JWT, and no issuer is asked about others');
      return checkIntrospected(await opaque.introspect(token), opaque.config, audienceOf(opaque.config), clock.now());
    }
    const issuer = byName.get(jwt.issuer);
    if (issuer === undefined) throw refuseToken('the token is of an issuer that this server does not know');
    return verifyOf(issuer, jwt.header, token);
  };
  const verifyOf = async (issuer: Issuer, header: JsonObject, token: string): Promise<Identity> => {
    checkHeader(header, issuer);
    const claims = await verifyJwt(token, issuer, audienceOf(issuer.config), clock.now());
    return identityOf(claims, issuer.config, clock.now());
  };
  const verified = createVerified(verify, clock);

  return {
    authenticate: async (presented) => {
      const { scheme, token } = credentials(presented);
      const key = createHash('sha256').update(token).digest('base64');
      const identity = await verified(key, token);
      if (scheme === 'DPoP' || identity.boundTo !== undefined || identity.issuer.dpop === 'required') {
        await takeOnce(await prove(presented, scheme, token, identity, clock.now()));
      }
      return callerOf(identity, people, async () => void (await verified(key, token)));
    },
    scopeFor: (tool) => scopeOf(deps.tools.find(({ name }) => name === tool)),
    metadata: (resource) => metadataOf(config, resource),
  };
}

const callerOf = (identity: Identity, people: AuthenticatorDeps['people'], recheck: Caller['recheck']): Caller => ({
  principal: principalOf(identity, people),
  scopes: identity.scopes,
  expiresAt: identity.expiresAt,
  recheck,
});

/** @throws Challenge for anything but one well-formed header */
function credentials({ authorization }: Presented): { scheme: 'Bearer' | 'DPoP'; token: string } {
  const [only, ...more] = authorization;
  if (only === undefined) throw new Challenge(401, undefined, 'a token is needed: send it as Authorization: Bearer');
  if (more.length > 0)
    throw new Challenge(400, 'invalid_request', 'there is more than one Authorization header: send one');
  if (only.length > longestToken + 10) throw refuseToken(`the token is longer than ${longestToken} bytes`);
  const [, scheme, token] = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i.exec(only.trim()) ?? [];
  if (scheme === undefined || token === undefined)
    throw new Challenge(400, 'invalid_request', 'Authorization is not "Bearer TOKEN" or "DPoP TOKEN"');
  if (token.length > longestToken) throw refuseToken(`the token is longer than ${longestToken} bytes`);
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token };
}

async function prove(
  presented: Presented,
  scheme: 'Bearer' | 'DPoP',
  token: string,
  { boundTo }: Identity,
  now: number,
): Promise<UsedProof> {
  if (boundTo === undefined) throw refuseToken('the token is not bound to a key, and DPoP needs one that is');
  if (scheme === 'Bearer')
    throw refuseToken('the token is bound to a key: send it as Authorization: DPoP, with a proof');
  return checkProof({ presented, token, boundTo, now });
}

/** By what a tool may send. `approval` reads; what it goes on with is asked for again by its own tool. */
function scopeOf(tool: Pick<AnyTool, 'access'> | undefined): string | undefined {
  const [read, write, exec] = allScopes;
  if (tool === undefined) return read;
  if ('subresource' in tool.access && tool.access.subresource === 'exec') return exec;
  return tool.access.mutates ? write : read;
}

/** https://www.rfc-editor.org/rfc/rfc9728: only issuers of people are named, where a client can send somebody to log in. */
function metadataOf({ issuers }: IdentityConfig, resource: string): JsonObject {
  const servers = issuers.filter(({ subjects }) => subjects === 'people');
  return {
    resource,
    resource_name: 'Countersign',
    ...(servers.length === 0 ? {} : { authorization_servers: servers.map(({ issuer }) => issuer) }),
    scopes_supported: [...allScopes],
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: proofAlgorithms,
    ...(issuers.length > 0 && issuers.every(({ dpop }) => dpop === 'required')
      ? { dpop_bound_access_tokens_required: true }
      : {}),
  };
}
