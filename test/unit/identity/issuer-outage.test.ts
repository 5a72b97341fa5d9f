import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, clockAt, presented, refused } from '../../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../../support/identity/oidc.ts';

let oidc: Oidc;
beforeEach(async () => {
  oidc = await startOidc();
});
afterEach(() => oidc.close());

const minute = 60_000;
/** A new token each time, so that none is remembered. */
const freshToken = (clock: { ms: number }) => oidc.sign(claimsOf(oidc, { exp: Math.floor(clock.ms / 1000) + 600 }));

describe('an issuer that does not answer', () => {
  it('is refused with 503 while its keys were never read, and taken when it is back', async () => {
    const clock = clockAt();
    const back = oidc.outage();
    const authenticator = authenticatorOf(oidc, { clock });
    const token = await freshToken(clock);
    expect(await refused(authenticator.authenticate(presented(token)))).toMatchObject({ status: 503 });
    back();
    clock.ms += 6_000;
    await expect(authenticator.authenticate(presented(token))).resolves.toBeDefined();
  });

  it('is believed for an hour by the keys that it had, and then refused', async () => {
    const clock = clockAt();
    const authenticator = authenticatorOf(oidc, { clock });
    await authenticator.authenticate(presented(await freshToken(clock)));
    const back = oidc.outage();
    clock.ms += 59 * minute;
    await expect(authenticator.authenticate(presented(await freshToken(clock)))).resolves.toBeDefined();
    clock.ms += 2 * minute;
    const late = await refused(authenticator.authenticate(presented(await freshToken(clock))));
    expect(late).toMatchObject({ status: 503 });
    expect(late.description).toContain('keys of the issuer');
    back();
    clock.ms += 6_000;
    await expect(authenticator.authenticate(presented(await freshToken(clock)))).resolves.toBeDefined();
  });

  it('cannot say whether an opaque token is good: refused with 503', async () => {
    const authenticator = authenticatorOf(oidc);
    const token = await oidc.token({ person: 'ana', opaque: true });
    oidc.outage();
    expect(await refused(authenticator.authenticate(presented(token)))).toMatchObject({ status: 503 });
  });
});

describe('a new key of an issuer', () => {
  it('is read when a token names it, and the old one is refused then', async () => {
    const clock = clockAt();
    const authenticator = authenticatorOf(oidc, { clock });
    const old = await freshToken(clock);
    const older = await freshToken(clock);
    await authenticator.authenticate(presented(old));
    await oidc.rotate();
    clock.ms += 31_000;
    await expect(authenticator.authenticate(presented(await freshToken(clock)))).resolves.toBeDefined();
    expect((await refused(authenticator.authenticate(presented(older)))).description).toContain('no key');
    // What was verified with it is verified again after five minutes.
    await expect(authenticator.authenticate(presented(old))).resolves.toBeDefined();
    clock.ms += 5 * minute;
    expect((await refused(authenticator.authenticate(presented(old)))).description).toContain('no key');
  });
});

it('one request for keys serves many calls that come together', async () => {
  const authenticator = authenticatorOf(oidc);
  const tokens = await Promise.all(Array.from({ length: 20 }, () => oidc.sign(claimsOf(oidc))));
  await Promise.all(tokens.map((token) => authenticator.authenticate(presented(token))));
  expect(oidc.asked.get('/jwks')).toBe(1);
  expect(oidc.asked.get('/.well-known/openid-configuration')).toBe(1);
});
