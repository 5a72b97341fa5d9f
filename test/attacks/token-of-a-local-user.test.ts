import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

/** `local:ana` is the user ana of this machine, in rules (`agents: [local:*]`) and in every line of the log. */
it.each([
  ['the client', 'people', { client_id: 'local:ana' }],
  ['the actor', 'people', { act: { sub: 'local:ana' } }],
  ['the actor in other letters', 'people', { act: { sub: 'Local:ana' } }],
  ['the workload', 'workloads', { sub: 'local:ana' }],
])('%s of a token cannot have its name', async (_, subjects, claims) => {
  const token = await oidc.sign(claimsOf(oidc, claims));
  const challenge = await refused(authenticatorOf(oidc, { issuer: { subjects } }).authenticate(presented(token)));
  expect(challenge).toMatchObject({ status: 401, error: 'invalid_token' });
  expect(challenge.description).toContain('local:');
});
