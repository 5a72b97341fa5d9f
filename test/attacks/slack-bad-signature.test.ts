import { afterEach, beforeEach, expect, it } from 'vitest';
import { requestPaths } from '../../src/approval/slack/http.ts';
import { createHttpRig, type HttpRig } from '../support/slack/http-rig.ts';
import { signSlack } from '../support/slack/payloads.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await createHttpRig();
});
afterEach(() => rig.end());

const click = `payload=${encodeURIComponent('{"type":"block_actions","user":{"id":"U0ANA00001"}}')}`;
const now = () => String(Math.floor(rig.clock.now() / 1_000));

it.each([
  ['another secret', () => ({ signature: signSlack('guess', now(), click) })],
  ['no signature', () => ({ signature: '' })],
  ['half a signature', () => ({ signature: signSlack('shh', now(), click).slice(0, 40) })],
  ['another version', () => ({ signature: signSlack('shh', now(), click).replace('v0=', 'v1=') })],
  ['a body that was changed after it was signed', () => ({ body: click.replace('ANA', 'BOB') })],
  [
    'a timestamp that was changed after it was signed',
    () => ({ timestamp: String(Number(now()) - 1), signature: signSlack('shh', now(), click) }),
  ],
  ['a timestamp that is no number', () => ({ timestamp: '1e9' })],
  ['no timestamp', () => ({ timestamp: '' })],
  ['characters that are several bytes', () => ({ signature: `v0=${'é'.repeat(64)}` })],
])('refuses %s, and hands nothing on', async (_, instead) => {
  for (const path of Object.values(requestPaths))
    expect(await rig.send(path, click, instead())).toEqual({ status: 401, body: 'refused' });
  expect(rig.received).toEqual([]);
  expect((await rig.send(requestPaths.interactivity, click)).status).toBe(200);
});

it('refuses a header that is there twice', async () => {
  const signature = signSlack('shh', now(), click);
  const headers = { 'x-slack-request-timestamp': now(), 'x-slack-signature': [signature, signature] };
  // Node joins most repeated headers; a proxy may hand them on as a list.
  expect((await rig.handle('POST', requestPaths.interactivity, headers as never, click)).status).toBe(401);
});
