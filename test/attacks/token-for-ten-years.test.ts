import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, clockAt, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';

const hour = 3_600;
let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

/** A token that an issuer made for ten years, `age` hours ago. */
const longLived = (age: number): Promise<string> => {
  const iat = Math.floor(Date.now() / 1000) - age * hour;
  return oidc.sign(claimsOf(oidc, { iat, exp: iat + 10 * 365 * 24 * hour }));
};

it('is good for a day, and says what to do then', async () => {
  const clock = clockAt();
  const authenticator = authenticatorOf(oidc, { clock });
  const token = await longLived(23);
  const caller = await authenticator.authenticate(presented(token));
  expect(caller.expiresAt).toBeLessThanOrEqual(clock.ms + hour * 1000 + 60_000);

  clock.ms += 2 * hour * 1000;
  expect((await refused(authenticator.authenticate(presented(token)))).status).toBe(401);
  expect((await refused(authenticatorOf(oidc, { clock }).authenticate(presented(token)))).description).toBe(
    'the token was made more than 24 hours ago, which is the most here: get a new one',
  );
});

it('is good for as long as its issuer may make them', async () => {
  const token = await longLived(100);
  expect((await refused(authenticatorOf(oidc).authenticate(presented(token)))).status).toBe(401);
  const caller = await authenticatorOf(oidc, { issuer: { tokenHours: 200 } }).authenticate(presented(token));
  expect(caller.principal.subject).toBe('ana');
});
