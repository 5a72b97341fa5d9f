import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

/** Who is trusted is configured, and one issuer cannot speak for another. */
it('a token of an issuer that is not configured is refused, and that issuer is not asked', async () => {
  const other = await startOidc();
  try {
    const challenge = await refused(
      authenticatorOf(oidc).authenticate(presented(await other.token({ person: 'ana' }))),
    );
    expect(challenge.description).toContain('an issuer that this server does not know');
    expect(other.asked.size).toBe(0);
    const more = [{ issuer: other.issuer, subjects: 'workloads' }];
    const forged = await other.sign(claimsOf(oidc), { kid: 'key-1' });
    expect((await refused(authenticatorOf(oidc, { more }).authenticate(presented(forged)))).description).toBe(
      'the signature of the token is wrong',
    );
  } finally {
    await other.close();
  }
});

it.each(['', '/', '#', '?a'])('an issuer that is written differently (%j at its end) is another one', async (end) => {
  const iss = end === '' ? oidc.issuer.toUpperCase() : `${oidc.issuer}${end}`;
  expect(
    (await refused(authenticatorOf(oidc).authenticate(presented(await oidc.sign(claimsOf(oidc, { iss })))))).status,
  ).toBe(401);
});
