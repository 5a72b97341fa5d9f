import { afterEach, beforeEach, expect, it } from 'vitest';
import { requestPaths } from '../../src/approval/slack/http.ts';
import { createHttpRig, type HttpRig } from '../support/slack/http-rig.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await createHttpRig();
});
afterEach(() => rig.end());

const body = '{"type":"event_callback"}';
const timestamp = () => String(Math.floor(rig.clock.now() / 1_000));

it('takes a signed request once, also after a restart and to the other path', async () => {
  const first = { timestamp: timestamp() };
  expect((await rig.send(requestPaths.events, body, first)).status).toBe(200);
  rig.clock.step(60_000);
  expect((await rig.send(requestPaths.events, body, first)).status).toBe(401);
  await rig.restart();
  expect((await rig.send(requestPaths.events, body, first)).status).toBe(401);
  expect((await rig.send(requestPaths.interactivity, body, first)).status).toBe(401);
  expect(rig.received).toHaveLength(1);
});

it('takes one of many that arrive at the same moment', async () => {
  const first = { timestamp: timestamp() };
  const answers = await Promise.all(Array.from({ length: 8 }, () => rig.send(requestPaths.events, body, first)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(rig.received).toHaveLength(1);
});

it('still knows a request that was signed ahead of our clock when the clock has caught up', async () => {
  const ahead = { timestamp: String(Number(timestamp()) + 299) };
  expect((await rig.send(requestPaths.events, body, ahead)).status).toBe(200);
  rig.clock.step(310_000);
  await rig.send(requestPaths.events, '{"another":1}');
  rig.clock.step(280_000);
  expect((await rig.send(requestPaths.events, body, ahead)).status).toBe(401);
});
