import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** RFC 8725 §2.1: whoever takes "alg": "none" takes anything. */
it.each(['none', 'None', 'NONE'])('a token with alg %s and no signature is refused, whatever its type', async (alg) => {
  for (const typ of ['at+jwt', 'JWT'])
    for (const signature of ['', 'AA']) {
      const token = `${base64({ alg, typ })}.${base64(claimsOf(oidc))}.${signature}`;
      const issuer = { type: 'any', scopes: 'off' };
      const challenge = await refused(authenticatorOf(oidc, { issuer }).authenticate(presented(token)));
      expect(challenge).toMatchObject({ status: 401, error: 'invalid_token' });
      expect(challenge.description).toContain('not signed with RS256');
    }
});

it('cannot be switched on in the configuration', () => {
  expect(() => authenticatorOf(oidc, { issuer: { algorithms: ['none'] } })).toThrow();
});
