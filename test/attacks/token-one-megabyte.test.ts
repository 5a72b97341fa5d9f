import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

it('a token of a megabyte is refused before anything of it is read, also with a good signature', async () => {
  const token = await oidc.sign(claimsOf(oidc, { pad: 'x'.repeat(1_000_000) }));
  const asked = [...oidc.asked.values()].length;
  const began = performance.now();
  const challenge = await refused(authenticatorOf(oidc).authenticate(presented(token)));
  expect(challenge.description).toBe('the token is longer than 16384 bytes');
  expect(performance.now() - began).toBeLessThan(1_000);
  expect([...oidc.asked.values()].length).toBe(asked);
});

it.each(['.'.repeat(16_000), 'a'.repeat(16_000), `${'a'.repeat(8_000)}.${'e'.repeat(7_000)}.`, '=', ''])(
  'a text that is no token is refused (%#)',
  async (text) => {
    expect((await refused(authenticatorOf(oidc).authenticate(presented(text)))).status).toBeLessThan(500);
  },
);
