import type { JsonObject } from '../domain/json.ts';
import { type Identity, identityOf } from './claims.ts';
import type { IssuerConfig } from './config.ts';
import { clockSkew } from './jwt.ts';
import { refuseToken } from './refuse.ts';

/** What an issuer answered about a token (RFC 7662), held to the same as a JWT. @throws Challenge */
export function checkIntrospected(said: JsonObject, issuer: IssuerConfig, audience: string, now: number): Identity {
  if (said.active !== true) throw refuseToken('the issuer says that the token is not active');
  if (said.iss !== undefined && said.iss !== issuer.issuer) throw refuseToken('the token is of another issuer');
  const { aud, nbf } = said;
  if (!(Array.isArray(aud) ? aud : [aud]).includes(audience))
    throw refuseToken('the token was made for another server: its aud is not the audience of this one');
  const identity = { ...identityOf(said, issuer, now), introspected: true };
  if (identity.expiresAt <= now) throw refuseToken('the token has expired');
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= now / 1000 + clockSkew))
    throw refuseToken('the token is not valid yet');
  return identity;
}
