import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';
import { proofKey } from '../support/identity/proof.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

/** A stolen token that is bound to a key is worth nothing without the key. */
it('a bound token that comes as Bearer is refused, with a proof too', async () => {
  const key = await proofKey();
  for (const opaque of [false, true]) {
    const token = await oidc.token({ person: 'ana', jkt: key.thumbprint, opaque });
    for (const dpop of [[], [await key.prove(token)]]) {
      const challenge = await refused(authenticatorOf(oidc).authenticate(presented(token, { dpop })));
      expect(challenge).toMatchObject({ status: 401, error: 'invalid_token' });
      expect(challenge.description).toContain('bound to a key');
    }
  }
});

it('a token that is not bound cannot be dressed up with a proof, and is refused where binding is required', async () => {
  const key = await proofKey();
  const token = await oidc.token({ person: 'ana' });
  const dressed = presented('', { authorization: [`DPoP ${token}`], dpop: [await key.prove(token)] });
  expect((await refused(authenticatorOf(oidc).authenticate(dressed))).description).toContain('not bound');
  const issuer = { dpop: 'required' };
  expect((await refused(authenticatorOf(oidc, { issuer }).authenticate(presented(token)))).description).toContain(
    'not bound',
  );
});

it('a token that is bound in another way is refused', async () => {
  const token = await oidc.sign(claimsOf(oidc, { cnf: { 'x5t#S256': 'AAAA' } }));
  expect((await refused(authenticatorOf(oidc).authenticate(presented(token)))).description).toContain('cannot check');
});
