import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, clockAt, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';
import { type ProofKey, proofKey } from '../support/identity/proof.ts';

let oidc: Oidc;
let key: ProofKey;
let token: string;
beforeAll(async () => {
  [oidc, key] = await Promise.all([startOidc(), proofKey()]);
  token = await oidc.token({ person: 'ana', jkt: key.thumbprint });
});
afterAll(() => oidc.close());

const with_ = (proof: string) => presented('', { authorization: [`DPoP ${token}`], dpop: [proof] });

/** RFC 9449 §11.1: who has seen a request must not be able to send it again. */
it('a proof is good once, for as long as it could be good at all', async () => {
  const clock = clockAt();
  const authenticator = authenticatorOf(oidc, { clock });
  const proof = await key.prove(token);
  await expect(authenticator.authenticate(with_(proof))).resolves.toMatchObject({ principal: { subject: 'ana' } });
  for (const later of [0, 59_000, 60_000]) {
    clock.ms += later;
    const challenge = await refused(authenticator.authenticate(with_(proof)));
    expect(challenge).toMatchObject({ status: 401, error: 'invalid_dpop_proof' });
    expect(challenge.description).toMatch(/used already|not of now/);
  }
  const together = await key.prove(token, { iat: Math.floor(clock.ms / 1000) });
  const both = await Promise.allSettled([1, 2].map(() => authenticator.authenticate(with_(together))));
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

it.each([
  ['another method', { htm: 'GET' }, {}],
  ['another address', { htu: 'https://other.example.com/mcp' }, {}],
  ['another path', { htu: 'https://countersign.example.com/mcp2' }, {}],
  ['another token', { ath: 'AAAA' }, {}],
  ['no token', { ath: undefined }, {}],
  ['another time', { iat: Math.floor(Date.now() / 1000) - 300 }, {}],
  ['a later time', { iat: Math.floor(Date.now() / 1000) + 300 }, {}],
  ['no time', { iat: undefined }, {}],
  ['without an id', { jti: undefined }, {}],
  ['another type', {}, { typ: 'JWT' }],
])('a proof for %s is refused', async (_, claims, header) => {
  const proof = await key.prove(token, claims, header);
  expect(await refused(authenticatorOf(oidc).authenticate(with_(proof)))).toMatchObject({
    error: 'invalid_dpop_proof',
  });
});

it('a proof by another key, two proofs and none are refused', async () => {
  const other = await proofKey();
  const proofs = [[await other.prove(token)], [await key.prove(token), await key.prove(token)], [], ['x']];
  for (const dpop of proofs) {
    const request = presented('', { authorization: [`DPoP ${token}`], dpop });
    expect(await refused(authenticatorOf(oidc).authenticate(request))).toMatchObject({ error: 'invalid_dpop_proof' });
  }
});
