import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesBelow } from '../support/at-rest.ts';
import { authenticatorOf, claimsOf, presented } from '../support/identity/authenticator.ts';
import { introspecting, type Oidc, resource, startOidc } from '../support/identity/oidc.ts';
import { proofKey } from '../support/identity/proof.ts';
import { stdioRig } from '../support/identity/stdio.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

/** Anything of it that could be used or looked up: whole, its parts, and the end of its signature. */
const piecesOf = (token: string): readonly string[] =>
  [token, ...token.split('.'), token.slice(-24)].filter((piece) => piece.length >= 20);

function expectNothingOf(token: string, text: string): void {
  for (const piece of piecesOf(token)) expect(text).not.toContain(piece);
}

const everything = async (folder: string): Promise<string> =>
  (await filesBelow(folder)).map(({ text }) => text).join('\n');

it('no token stands in an answer, the operational log, the audit log or any file of the state', async () => {
  const good = await oidc.token({ person: 'ana' });
  const tokens = [
    good,
    await oidc.token({ person: 'ana', opaque: true }),
    await oidc.sign(claimsOf(oidc, { exp: 1 })),
    await oidc.sign(claimsOf(oidc), { kid: 'made-up' }),
    `${good.slice(0, -8)}AAAAAAAA`,
    'a-token-that-is-none-6f2c91d7e0b84a3395',
  ];
  for (const outage of [false, true]) {
    const back = outage ? oidc.outage() : () => undefined;
    for (const token of tokens) {
      const issuers = [
        { issuer: oidc.issuer, subjects: 'people', introspection: { ...introspecting, clientSecret: 'env:SECRET' } },
      ];
      const env = { COUNTERSIGN_TOKEN: token, SECRET: introspecting.clientSecret, COUNTERSIGN_LOG: 'debug' };
      const rig = await stdioRig({ resource, issuers }, env);
      const answer = JSON.stringify(await rig.call('get', { resource: 'pods', namespace: 'shop' }));
      expect(answer).toContain(outage ? 'unavailable' : '"status"');
      const all = [answer, ...rig.logged, await everything(rig.folder)].join('\n');
      await rig.close();
      expectNothingOf(token, all);
      expect(all).not.toContain(introspecting.clientSecret);
    }
    back();
  }
});

it('no token and no proof stands in what an error says, its causes included', async () => {
  const key = await proofKey();
  const bound = await oidc.token({ person: 'ana', jkt: key.thumbprint });
  const proof = await key.prove(bound, { htm: 'GET' });
  const requests = [
    presented(bound),
    presented('', { authorization: [`DPoP ${bound}`], dpop: [proof] }),
    presented('', { authorization: [`Bearer ${bound}`, `Bearer ${bound}`] }),
    presented('', { authorization: [`Basic ${bound}`] }),
    presented(`${bound}x`),
  ];
  for (const request of requests) {
    const thrown: unknown = await authenticatorOf(oidc)
      .authenticate(request)
      .catch((error: unknown) => error);
    let text = '';
    for (let error = thrown; error instanceof Error; error = error.cause)
      text += `${error.stack}\n${JSON.stringify(error, Object.getOwnPropertyNames(error))}\n`;
    expect(text).toContain('Challenge');
    expectNothingOf(bound, text);
    expectNothingOf(proof, text);
  }
});
