import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, clockAt, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

/** Each made-up key id must not become a request to the issuer. */
it('key ids that the issuer does not have are refused, and ask the issuer once in 30 seconds', async () => {
  const clock = clockAt();
  const authenticator = authenticatorOf(oidc, { clock });
  await authenticator.authenticate(presented(await oidc.token({ person: 'ana' })));
  const before = oidc.asked.get('/jwks') ?? 0;
  for (let n = 0; n < 20; n++) {
    const token = await oidc.sign(claimsOf(oidc), { kid: `made-up-${n}` });
    const challenge = await refused(authenticator.authenticate(presented(token)));
    expect(challenge.description).toContain('no key such as the token names');
  }
  expect(oidc.asked.get('/jwks')).toBe(before);
  clock.ms += 31_000;
  for (let n = 0; n < 5; n++)
    await refused(authenticator.authenticate(presented(await oidc.sign(claimsOf(oidc), { kid: `other-${n}` }))));
  expect(oidc.asked.get('/jwks')).toBe(before + 1);
});
