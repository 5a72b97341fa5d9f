import { createHash, randomUUID } from 'node:crypto';
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { resource } from './oidc.ts';

/** A client's key for DPoP (RFC 9449). */
export interface ProofKey {
  readonly thumbprint: string;
  /** A proof for this token; claims and header members stand over what a good one has. */
  prove(token: string, claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
}

export async function proofKey(): Promise<ProofKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    prove: (token, claims = {}, header = {}) => sign(privateKey, jwk, token, claims, header),
  };
}

const sign = (key: CryptoKey, jwk: JWK, token: string, claims: object, header: object): Promise<string> =>
  new SignJWT({
    jti: randomUUID(),
    htm: 'POST',
    htu: resource,
    iat: Math.floor(Date.now() / 1000),
    ath: createHash('sha256').update(token).digest('base64url'),
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(key);
