import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticatorOf, presented, refused } from '../support/identity/authenticator.ts';
import { type Oidc, startOidc } from '../support/identity/oidc.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

/** What is in front of us may have looked at the other one. */
it('two Authorization headers are refused, also when both are good or the same', async () => {
  const [ana, bo] = [await oidc.token({ person: 'ana' }), await oidc.token({ person: 'bo' })];
  const pairs = [
    [`Bearer ${ana}`, `Bearer ${bo}`],
    [`Bearer ${ana}`, `Bearer ${ana}`],
    [`Bearer ${ana}`, 'Basic YTpi'],
  ];
  for (const authorization of pairs)
    expect(await refused(authenticatorOf(oidc).authenticate(presented('', { authorization })))).toMatchObject({
      status: 400,
      error: 'invalid_request',
    });
  const joined = { authorization: [`Bearer ${ana}, Bearer ${bo}`] };
  expect((await refused(authenticatorOf(oidc).authenticate(presented('', joined)))).status).toBe(400);
});

it('no header, and no token in it, are refused', async () => {
  const none = await refused(authenticatorOf(oidc).authenticate(presented('', { authorization: [] })));
  expect(none).toMatchObject({ status: 401, error: undefined });
  for (const header of ['', 'Bearer', 'Bearer ', 'Basic YTpi', 'bearer\u0000x'])
    expect((await refused(authenticatorOf(oidc).authenticate(presented('', { authorization: [header] })))).status).toBe(
      400,
    );
});
