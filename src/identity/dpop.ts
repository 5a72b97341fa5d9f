import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose';
import type { Presented } from '../domain/identity.ts';
import { clockSkew } from './jwt.ts';
import { refuseProof } from './refuse.ts';
import type { UsedProof } from './replay.ts';

/** Asymmetric ones that clients use; also said in the metadata document. */
export const proofAlgorithms = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519'];

const longestProof = 8_192;
/** Seconds after `iat` that a proof may arrive. */
const proofLife = 60;

export interface ProofOf {
  readonly presented: Presented;
  readonly token: string;
  /** Thumbprint that the token is bound to. */
  readonly boundTo: string;
  /** Milliseconds. */
  readonly now: number;
}

/**
 * A proof of possession (RFC 9449 §4.3) for this very request and token. Returns what makes it one of a kind, and until when it
 * could come again. @throws Challenge
 */
export async function checkProof({ presented, token, boundTo, now }: ProofOf): Promise<UsedProof> {
  const [proof, ...more] = presented.dpop;
  if (proof === undefined || more.length > 0)
    throw refuseProof('a token that is bound to a key needs one DPoP header with a proof');
  if (proof.length > longestProof) throw refuseProof('the proof is too long');
  const { jwk, claims } = await verified(proof, now);
  const { jti, htm, htu, iat, ath } = claims;
  if (htm !== presented.method) throw refuseProof('the proof is for another method: htm');
  if (!sameAddress(htu, presented.url)) throw refuseProof('the proof is for another address: htu');
  if (typeof iat !== 'number' || Math.abs(now / 1000 - iat) > proofLife + clockSkew)
    throw refuseProof('the proof is not of now: iat');
  if (ath !== createHash('sha256').update(token).digest('base64url'))
    throw refuseProof('the proof is for another token: ath');
  if (typeof jti !== 'string' || jti.length === 0 || jti.length > 512) throw refuseProof('the proof has no jti');
  if ((await calculateJwkThumbprint(jwk, 'sha256')) !== boundTo)
    throw refuseProof('the proof is by another key than the one that the token is bound to');
  return { by: boundTo, jti, until: (iat + proofLife + clockSkew) * 1000 };
}

async function verified(proof: string, now: number): Promise<{ jwk: JWK; claims: Record<string, unknown> }> {
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: proofAlgorithms,
      clockTolerance: clockSkew,
      currentDate: new Date(now),
    });
    return { jwk: publicOnly(protectedHeader.jwk), claims: payload };
  } catch {
    throw refuseProof('the proof is no DPoP proof with a good signature');
  }
}

function publicOnly(jwk: JWK | undefined): JWK {
  // Whoever sends the private key proves nothing.
  if (jwk === undefined || 'd' in jwk || 'k' in jwk) throw new Error('not a public key');
  return jwk;
}

function sameAddress(htu: unknown, url: string): boolean {
  if (typeof htu !== 'string' || !URL.canParse(htu) || !URL.canParse(url)) return false;
  const [proven, used] = [new URL(htu), new URL(url)];
  return proven.origin === used.origin && proven.pathname === used.pathname;
}
