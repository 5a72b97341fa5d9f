import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, resource, startOidc } from '../support/identity/oidc.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

/** RFC 8707: a token that an agent has for another server opens nothing here. */
it.each([
  ['another server', 'https://other.example.com/mcp'],
  ['a longer address', `${resource}/`],
  ['other letters', resource.toUpperCase()],
  ['several others', ['https://other.example.com/mcp', 'account']],
  ['nobody', undefined],
  ['what is no text', { [resource]: true }],
])('a token for %s is refused', async (_, aud) => {
  const token = await oidc.sign(claimsOf(oidc, { aud }));
  const challenge = await refused(authenticatorOf(oidc).authenticate(presented(token)));
  expect(challenge).toMatchObject({ status: 401, error: 'invalid_token' });
  expect(challenge.description).toMatch(/another server|has no aud/);
});

it('a token for this server among others is taken', async () => {
  const token = await oidc.sign(claimsOf(oidc, { aud: ['account', resource] }));
  await expect(authenticatorOf(oidc).authenticate(presented(token))).resolves.toBeDefined();
});

it('an id token is refused, also where it is for this server', async () => {
  const issuer = { type: 'any' };
  for (const [typ, claims] of [
    ['id_token', {}],
    ['JWT', { typ: 'ID' }],
  ] as const) {
    const token = await oidc.sign(claimsOf(oidc, claims), { typ });
    const challenge = await refused(authenticatorOf(oidc, { issuer }).authenticate(presented(token)));
    expect(challenge.description).toContain('no access token');
  }
  const plain = await oidc.sign(claimsOf(oidc), { typ: 'JWT' });
  expect((await refused(authenticatorOf(oidc).authenticate(presented(plain)))).description).toContain('at+jwt');
});
