import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createSlackApi } from '../../../../src/approval/slack/api.ts';
import { createSocketMode, type SocketMode } from '../../../../src/approval/slack/socket.ts';
import type { Log } from '../../../../src/domain/environment.ts';
import { until } from '../../../support/slack/rig.ts';
import { type FakeSlack, startFakeSlack } from '../../../support/slack/server.ts';

let slack: FakeSlack;
let socket: SocketMode;
let received: string[];
let greeted: number;
let logged: string[];
let dialled: number;
let card: string;
let address: () => Promise<string>;
const ana = 'U0ANA00001';

const open = (url: () => Promise<string>, pingEvery = 5_000): SocketMode => {
  const note = (message: string): void => void logged.push(message);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  return createSocketMode({
    url: () => {
      dialled++;
      return url();
    },
    receive: async (type, payload) => void received.push(`${type} ${(payload as { type: string }).type}`),
    greeted: () => {
      greeted++;
    },
    log,
    pace: { pingEvery, firstRetry: 5, lastRetry: 20 },
  });
};

beforeEach(async () => {
  slack = await startFakeSlack();
  [received, logged, greeted, dialled] = [[], [], 0, 0];
  const api = createSlackApi({ botToken: slack.botToken, appToken: slack.appToken, apiUrl: slack.apiUrl });
  card = (await api.post({ channel: slack.channel, text: 'x', blocks: [buttons] })).ts;
  address = () => api.socketUrl();
  socket = open(address);
});
afterEach(async () => {
  socket.stop();
  await slack.close();
});
const buttons = {
  type: 'actions',
  elements: [{ type: 'button', action_id: 'a', value: 'v', text: { type: 'plain_text', text: 'A' } }],
};
const click = async () => (await slack.click(ana, card, 'a')).acked;
const connected = async (times = 1) => {
  await until(() => greeted === times, `greeting ${times}`);
  return socket.connected;
};

it('connects once, acknowledges and hands on', async () => {
  socket.start();
  socket.start();
  expect(await connected()).toBe(true);
  expect(await click()).toBe(true);
  expect(await slack.reply(ana, card, 'hello').delivery).toMatchObject({ acked: true });
  expect(received).toEqual(['interactive block_actions', 'events_api event_callback']);
  expect(slack.sockets.count).toBe(1);
});

it('opens the next connection before Slack closes this one, so that no click falls between them', async () => {
  socket.start();
  await connected();
  slack.sockets.disconnect('warning');
  expect(await connected(2)).toBe(true);
  expect(slack.sockets.count).toBe(2);
  expect(await Promise.all([click(), click()])).toEqual([true, true]);
  expect(logged).toEqual([]);
});

it('comes back after each way of losing it', async () => {
  socket.start();
  await connected();
  slack.sockets.disconnect('refresh_requested');
  await connected(2);
  await until(() => slack.sockets.count === 1);
  slack.sockets.cut();
  await connected(3);
  slack.down();
  await until(() => !socket.connected);
  await until(() => dialled > 5);
  slack.up();
  await connected(4);
  expect(await click()).toBe(true);
});

it('notices a half-open connection, which looks like a quiet one', async () => {
  socket = open(address, 50);
  socket.start();
  await connected();
  // Many pings later it is the same connection still.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(greeted).toBe(1);
  slack.sockets.freeze();
  expect(await click()).toBe(false);
  await connected(2);
  await until(() => slack.sockets.count === 1);
  expect(await click()).toBe(true);
});

it('says when another connection gets a part of the votes', async () => {
  const foreign = new WebSocket(await address());
  await slack.sockets.connected();
  socket.start();
  await connected();
  expect(socket.connections).toBe(2);
  expect(logged).toEqual(['another connection of the Slack app gets a part of the votes']);
  foreign.terminate();
});

it('leaves a server that takes the connection and never greets', async () => {
  const silent = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = silent.address() as AddressInfo;
  socket = open(async () => `ws://127.0.0.1:${port}/`, 10);
  socket.start();
  await until(() => dialled > 1);
  expect(socket.connected).toBe(false);
  socket.stop();
  silent.close();
});

it('stops, and starts again', async () => {
  socket.start();
  await connected();
  socket.stop();
  expect(socket.connected).toBe(false);
  socket.start();
  await connected(2);
  await until(() => slack.sockets.count === 1);
  socket.stop();
  await until(() => slack.sockets.count === 0);
  const before = dialled;
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(dialled).toBe(before);
});

it.each(['ws://example.com/link', 'http://127.0.0.1/link', 'not a url'])('does not connect to %s', async (url) => {
  const other = open(async () => url);
  other.start();
  await until(() => dialled > 1);
  expect(other.connected).toBe(false);
  expect(new Set(logged)).toEqual(new Set(['no connection to Slack']));
  other.stop();
});

it('does not stumble over a frame that it does not understand', async () => {
  socket.start();
  await connected();
  slack.sockets.sendRaw('{"type":"hello"');
  slack.sockets.sendRaw('{"type":"interactive"}');
  slack.sockets.sendRaw('[]');
  expect(await click()).toBe(true);
  expect(logged).toEqual(Array.from({ length: 3 }, () => 'Slack sent what is not understood'));
});
