import { afterEach, beforeEach, expect, it } from 'vitest';
import { requestPaths } from '../../src/approval/slack/http.ts';
import { createHttpRig, type HttpRig } from '../support/slack/http-rig.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await createHttpRig();
});
afterEach(() => rig.end());

it.each([
  [-301, 401],
  [-299, 200],
  [299, 200],
  [301, 401],
  [-86_400, 401],
  [Number.MAX_SAFE_INTEGER, 401],
])('answers a well-signed request of %i seconds from now with %i', async (seconds, status) => {
  const timestamp = String(Math.floor(rig.clock.now() / 1_000) + seconds);
  expect((await rig.send(requestPaths.events, '{}', { timestamp })).status).toBe(status);
  expect(rig.received).toHaveLength(status === 200 ? 1 : 0);
});
