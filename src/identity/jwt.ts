import { decodeJwt, decodeProtectedHeader, errors, type JWTHeaderParameters, jwtVerify } from 'jose';
import { Challenge } from '../domain/identity.ts';
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts';
import type { Issuer } from './issuer.ts';
import { refuseToken } from './refuse.ts';

/** Seconds that the clocks of an issuer and of this machine may differ. */
export const clockSkew = 60;

export interface UnverifiedJwt {
  readonly header: JsonObject;
  /** As the token says; nobody has vouched for it yet. */
  readonly issuer: string;
}

/** Undefined: it is no JWT. Nothing of it is believed; it only says whose key to check it with. */
export function readJwt(token: string): UnverifiedJwt | undefined {
  let header: unknown;
  try {
    header = decodeProtectedHeader(token);
  } catch {
    return undefined;
  }
  if (!isJsonObject(header as Json)) return undefined;
  try {
    const { iss } = decodeJwt(token);
    return { header: header as JsonObject, issuer: typeof iss === 'string' ? iss : '' };
  } catch {
    throw refuseToken('the token is no JWT that can be read');
  }
}

/** Members that would let a token bring its own key, or change what is signed. */
const refusedMembers = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc'];

/** @throws Challenge for a header that no token of this issuer has */
export function checkHeader(header: JsonObject, { config }: Issuer): void {
  const { alg, typ } = header;
  if (typeof alg !== 'string' || !config.algorithms.some((each) => each === alg))
    throw refuseToken(`the token is not signed with ${config.algorithms.join(' or ')}`);
  const refused = refusedMembers.find((member) => Object.hasOwn(header, member));
  if (refused !== undefined) throw refuseToken(`the header of the token has ${refused}, which is not taken`);
  const type =
    typ === undefined
      ? 'none'
      : String(typ)
          .toLowerCase()
          .replace(/^application\//, '');
  if (!typesOf(config).includes(type))
    throw refuseToken(`the token is no access token: its type is not ${typesOf(config).join(' or ')}`);
}

const typesOf = ({ type, subjects }: Issuer['config']): readonly string[] =>
  (type ?? (subjects === 'people' ? 'at+jwt' : 'any')) === 'at+jwt' ? ['at+jwt'] : ['at+jwt', 'jwt', 'none'];

/** The claims of a token with a good signature of this issuer, within its time. @throws Challenge */
export async function verifyJwt(token: string, issuer: Issuer, audience: string, now: number): Promise<JsonObject> {
  const { config } = issuer;
  try {
    const { payload } = await jwtVerify(token, (header: JWTHeaderParameters) => issuer.key(header), {
      algorithms: [...config.algorithms],
      issuer: config.issuer,
      audience,
      clockTolerance: clockSkew,
      currentDate: new Date(now),
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
    });
    return payload as JsonObject;
  } catch (thrown) {
    if (thrown instanceof Challenge) throw thrown;
    throw refuseToken(reason(thrown));
  }
}

/** In our words: the library's messages name claims only, but what it was given hangs on its errors. */
function reason(thrown: unknown): string {
  if (thrown instanceof errors.JWTExpired) return 'the token has expired';
  if (thrown instanceof errors.JWTClaimValidationFailed) {
    const claim = ['aud', 'iss', 'nbf', 'sub', 'exp', 'iat'].find((each) => each === thrown.claim);
    if (thrown.reason === 'missing') return `the token has no ${claim ?? 'claim that it needs'}`;
    return claim === undefined
      ? 'the token is not valid'
      : (notValid[claim] ?? `the ${claim} of the token is not valid`);
  }
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is wrong';
  return 'the token is not valid';
}

const notValid: Readonly<Record<string, string>> = {
  aud: 'the token was made for another server: its aud is not the audience of this one',
  nbf: 'the token is not valid yet',
};
