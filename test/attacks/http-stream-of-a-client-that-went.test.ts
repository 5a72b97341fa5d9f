import { afterEach, expect, it } from 'vitest';
import type { Authenticator } from '../../src/domain/identity.ts';
import { both, openSession, post, rpc } from '../support/http-messages.ts';
import { type HttpRig, startHttpRig, until } from '../support/http-rig.ts';
import { createTestIdentity } from '../support/identity.ts';

let rig: HttpRig;
afterEach(() => rig.close());

/** An issuer that is asked about each token, and answers about one of them only when the test lets it. */
function slowIssuer() {
  const identity = createTestIdentity();
  let next = false;
  let answer: (() => void) | undefined;
  const authenticator: Authenticator = {
    ...identity.authenticator,
    authenticate: async (presented) => {
      if (next) {
        next = false;
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      }
      return identity.authenticator.authenticate(presented);
    },
  };
  return {
    over: { ...identity, authenticator },
    holdNext: () => {
      next = true;
    },
    isAsked: () => answer !== undefined,
    answer: () => answer?.(),
  };
}

/** Sends it, closes the connection while the issuer is asked, and lets the issuer answer when the server has seen that. */
async function sentAndGone(issuer: ReturnType<typeof slowIssuer>, send: (signal: AbortSignal) => Promise<Response>) {
  const gone = new AbortController();
  issuer.holdNext();
  const answer = send(gone.signal).catch(() => undefined);
  await until(issuer.isAsked);
  gone.abort();
  await answer;
  // Whole requests that begin after it closed.
  for (let n = 0; n < 3; n++) await (await fetch(`${rig.url}/healthz`, { headers: { connection: 'close' } })).text();
  issuer.answer();
}

it('while its token was looked at does not keep the session from another one', async () => {
  const issuer = slowIssuer();
  rig = await startHttpRig({ over: issuer.over });
  const headers = { authorization: 'Bearer deploy', accept: both, 'mcp-session-id': await openSession(rig.url) };
  await sentAndGone(issuer, (signal) => fetch(`${rig.url}/mcp`, { headers, signal }));
  expect((await post(rig.url, rpc('ping'), headers)).status).toBe(200);
  const again = await fetch(`${rig.url}/mcp`, { headers });
  expect(again.status).toBe(200);
  await again.body?.cancel();
});
