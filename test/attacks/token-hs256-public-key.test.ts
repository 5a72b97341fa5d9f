import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** RFC 8725 §2.1: the public key is no secret, so it must never be one. */
it('a token that is signed with the public key as if that were a shared secret is refused', async () => {
  const jwk = await oidc.publicKey();
  const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  const secrets = [
    key.export({ type: 'spki', format: 'pem' }),
    key.export({ type: 'pkcs1', format: 'pem' }),
    key.export({ type: 'spki', format: 'der' }),
    JSON.stringify(jwk),
  ];
  for (const secret of secrets) {
    const signed = `${base64({ alg: 'HS256', typ: 'at+jwt', kid: jwk.kid })}.${base64(claimsOf(oidc))}`;
    const token = `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    const challenge = await refused(authenticatorOf(oidc).authenticate(presented(token)));
    expect(challenge).toMatchObject({ status: 401, error: 'invalid_token' });
    expect(challenge.description).toContain('not signed with RS256');
  }
});

it('cannot be switched on in the configuration', () => {
  expect(() => authenticatorOf(oidc, { issuer: { algorithms: ['HS256'] } })).toThrow();
});
