import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, claimsOf, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

/** Names that begin with system: are the API server's own; an identity provider that gives them out is wrong or worse. */
it.each([
  ['a group', { groups: ['sre', 'system:masters'] }, 'group'],
  ['the only group, as a text', { groups: 'system:masters' }, 'group'],
  ['a group in other letters', { groups: ['System:Masters'] }, 'group'],
  ['the subject', { sub: 'system:masters' }, 'sub'],
  ['a controller', { sub: 'system:kube-controller-manager' }, 'sub'],
  ['a service account, by an issuer of people', { sub: 'system:serviceaccount:shop:web' }, 'sub'],
  ['the agent', { act: { sub: 'system:admin' } }, 'agent'],
])('a token with %s of Kubernetes itself is refused', async (_, claims, where) => {
  const challenge = await refused(
    authenticatorOf(oidc).authenticate(presented(await oidc.sign(claimsOf(oidc, claims)))),
  );
  expect(challenge).toMatchObject({ status: 401, error: 'invalid_token' });
  expect(challenge.description).toContain(where);
});

it.each(['system:masters', 'system:node:n1', 'system:serviceaccount:shop', 'system:serviceaccount:shop:web:more'])(
  'an issuer of workloads may name service accounts only: not %s',
  async (sub) => {
    const issuer = { subjects: 'workloads' };
    const token = await oidc.sign(claimsOf(oidc, { sub }));
    expect((await refused(authenticatorOf(oidc, { issuer }).authenticate(presented(token)))).status).toBe(401);
  },
);
