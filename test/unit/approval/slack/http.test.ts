import { readdir } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { longestBody, requestPaths } from '../../../../src/approval/slack/http.ts';
import type { HttpRoute } from '../../../../src/domain/http-route.ts';
import { createHttpRig, type HttpRig } from '../../../support/slack/http-rig.ts';
import { createVotingRig, slackUsers, until } from '../../../support/slack/rig.ts';

let http: HttpRig;
beforeEach(async () => {
  http = await createHttpRig();
});
afterEach(() => http.end());

const send = (path: string, body: string) => http.send(path, body);

describe('the handler', () => {
  it('takes what is signed, answers at once and hands it on', async () => {
    const click = `payload=${encodeURIComponent('{"type":"block_actions","text":"ü & <>"}')}`;
    expect(await send(requestPaths.interactivity, click)).toEqual({ status: 200, body: '' });
    expect(await send(requestPaths.events, '{"type":"event_callback"}')).toEqual({ status: 200, body: '' });
    expect(http.received).toEqual([
      { type: 'interactive', payload: { type: 'block_actions', text: 'ü & <>' } },
      { type: 'events_api', payload: { type: 'event_callback' } },
    ]);
  });

  it('answers the challenge, and only a signed one', async () => {
    const body = '{"type":"url_verification","token":"t","challenge":"3eZbrw1a"}';
    expect(await send(requestPaths.events, body)).toEqual({ status: 200, body: '3eZbrw1a' });
    expect(await http.handle('POST', requestPaths.events, {}, body)).toEqual({ status: 401, body: 'refused' });
    expect(http.received).toEqual([]);
  });

  it('says what it does not take', async () => {
    expect((await send('/slack/other', '{}')).status).toBe(404);
    expect((await http.handle('GET', requestPaths.events, {}, '')).status).toBe(405);
    expect((await send(requestPaths.events, '{')).status).toBe(400);
    expect((await send(requestPaths.events, '"text"')).status).toBe(400);
    expect((await send(requestPaths.interactivity, 'other=1')).status).toBe(400);
    expect((await send(requestPaths.events, `"${'x'.repeat(longestBody)}"`)).status).toBe(413);
    expect(http.received).toEqual([]);
  });

  it('forgets a signature only when its timestamp is refused by itself', async () => {
    await send(requestPaths.events, '{"n":1}');
    expect(await readdir(join(http.root, 'slack-requests'))).toHaveLength(1);
    http.clock.step(901_000);
    await send(requestPaths.events, '{"n":2}');
    expect(await readdir(join(http.root, 'slack-requests'))).toHaveLength(1);
  });
});

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

it('hears clicks and replies over HTTP as over the socket, and cuts a body that is too long', async () => {
  const listen = `127.0.0.1:${await freePort()}`;
  const rig = await createVotingRig({
    source: ({ signingSecret: secret }) => ({ mode: 'http', signingSecret: secret, listen }),
  });
  const events = `http://${listen}${requestPaths.events}`;
  rig.slack.sendTo({ interactivity: `http://${listen}${requestPaths.interactivity}`, events });
  const inbound = await rig.listens();
  await until(() => inbound.connected);
  const first = await rig.ask();
  expect(await rig.slack.click(slackUsers.ana, first.card, 'approve')).toEqual({ acked: true, answer: undefined });
  await until(async () => (await rig.approvals.read(first.approval.id)).state === 'approved');
  const second = await rig.ask();
  expect(await rig.slack.reply(slackUsers.bo, second.card.ts, 'no').delivery).toMatchObject({ acked: true });
  await until(async () => (await rig.approvals.read(second.approval.id)).state === 'denied');
  const long = fetch(events, { method: 'POST', body: 'x'.repeat(2 * longestBody) });
  expect(
    await long.then(
      ({ status }) => status,
      () => 413,
    ),
  ).toBe(413);
  expect(rig.slack.sockets.count).toBe(0);
  await rig.end();
});

/** Somebody else's listener, on which Slack's routes are served: it reads the body and calls the route. */
async function listenerOf(routes: () => readonly HttpRoute[]): Promise<{ readonly url: string; close(): void }> {
  const server = createHttpServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const route = routes().find(({ method, path }) => method === request.method && path === request.url);
    if (route === undefined) response.writeHead(404).end();
    else await route.handle(request, Buffer.concat(chunks), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}

it('hears clicks and replies by its routes on a listener that is not its own, and refuses what is not signed', async () => {
  const rig = await createVotingRig({
    source: ({ signingSecret: secret }) => ({ mode: 'http', signingSecret: secret, listen: undefined }),
  });
  const listener = await listenerOf(() => rig.channel.routes);
  rig.slack.sendTo({
    interactivity: `${listener.url}${requestPaths.interactivity}`,
    events: `${listener.url}${requestPaths.events}`,
  });
  expect(rig.channel.routes.map(({ method, path, maxBytes }) => [method, path, maxBytes])).toEqual([
    ['POST', requestPaths.interactivity, longestBody],
    ['POST', requestPaths.events, longestBody],
  ]);
  const { approval, card } = await rig.ask();
  const forged = await fetch(`${listener.url}${requestPaths.events}`, { method: 'POST', body: '{}' });
  expect([forged.status, await forged.text()]).toEqual([401, 'refused']);
  expect(await rig.slack.click(slackUsers.ana, card, 'approve')).toEqual({ acked: true, answer: undefined });
  await until(async () => (await rig.approvals.read(approval.id)).state === 'approved');
  expect(await rig.slack.reply(slackUsers.bo, card.ts, 'no').delivery).toMatchObject({ acked: true });
  await until(async () => (await rig.approvals.read(approval.id)).state === 'denied');

  await rig.channel.stop?.();
  const late = await fetch(`${listener.url}${requestPaths.events}`, { method: 'POST', body: '{}' });
  expect(late.status).toBe(503);
  listener.close();
  await rig.end();
});

it('says where it cannot listen', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const listen = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const rig = await createVotingRig({ source: () => ({ mode: 'http', signingSecret: 'shh', listen }) });
  const inbound = await rig.listens();
  await expect(inbound.start()).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringContaining(listen),
  });
  expect(inbound.connected).toBe(false);
  await rig.end();
  await new Promise((resolve) => taken.close(resolve));
});
