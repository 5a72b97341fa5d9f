import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

it.each([
  ['expired', { exp: -120 }, 'the token has expired'],
  ['not yet valid', { nbf: 120 }, 'the token is not valid yet'],
  ['issued tomorrow', { iat: 86_400 }, 'the token is not valid yet'],
])('a token that is %s is refused', async (_, offsets, description) => {
  const now = Math.floor(Date.now() / 1000);
  const claims = Object.fromEntries(Object.entries(offsets).map(([claim, offset]) => [claim, now + offset]));
  const token = await oidc.sign(claimsOf(oidc, claims));
  expect((await refused(authenticatorOf(oidc).authenticate(presented(token)))).description).toBe(description);
});

it.each([[undefined], ['tomorrow'], [1e300], [null], [[9e9]]])('a token whose exp is %j is refused', async (exp) => {
  const token = await oidc.sign(claimsOf(oidc, { exp }) as Record<string, unknown>);
  expect((await refused(authenticatorOf(oidc).authenticate(presented(token)))).status).toBe(401);
});
