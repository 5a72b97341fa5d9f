import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

/** A token must not say by itself with which key it is to be checked. */
it('a token that brings its own key, or the address of one, is refused', async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk = await exportJWK(publicKey);
  const { kid } = await oidc.publicKey();
  const sign = (header: object): Promise<string> =>
    new SignJWT(claimsOf(oidc)).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', ...header }).sign(privateKey);
  const headers = [{ jwk }, { jku: `${oidc.issuer}/mine` }, { x5u: `${oidc.issuer}/mine` }, { x5c: ['AAAA'] }];
  for (const header of headers) {
    const challenge = await refused(authenticatorOf(oidc).authenticate(presented(await sign({ ...header, kid }))));
    expect(challenge).toMatchObject({ status: 401, error: 'invalid_token' });
    expect(challenge.description).toContain(`has ${Object.keys(header)[0]}`);
  }
  expect(oidc.asked.has('/mine')).toBe(false);
  const challenge = await refused(authenticatorOf(oidc).authenticate(presented(await sign({ kid }))));
  expect(challenge.description).toBe('the signature of the token is wrong');
});

it('a header member that must be understood and is not is refused', async () => {
  const token = await oidc.sign(claimsOf(oidc), { crit: ['b64'], b64: true });
  expect((await refused(authenticatorOf(oidc).authenticate(presented(token)))).status).toBe(401);
});
