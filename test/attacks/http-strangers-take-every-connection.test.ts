import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createStrangers, networkOf } from '../../src/transport/http/strangers.ts';
import { post, rpc } from '../support/http-messages.ts';
import { type HttpRig, startHttpRig, until } from '../support/http-rig.ts';

let rig: HttpRig | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await rig?.close();
  rig = undefined;
});

/** A connection that says nothing. */
async function silent(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

it('an address without a token gets a quarter of the connections, and who brought one goes on', async () => {
  rig = await startHttpRig({ config: { connections: 160 } });
  const { url } = rig;
  const port = Number(new URL(url).port);
  expect((await post(url, rpc('ping'), { 'mcp-session-id': 'none' })).status).toBe(404);
  const held = await Promise.all(Array.from({ length: 40 }, () => silent(port)));
  const refused = await silent(port);
  await once(refused, 'close');
  expect(rig.refused).toContain('too_many_strangers');
  expect(held.every(({ destroyed }) => !destroyed)).toBe(true);
  // The connection that the first request left open had a good token: it does not count.
  expect((await post(url, rpc('ping'), { 'mcp-session-id': 'none' })).status).toBe(404);

  held[0]?.destroy();
  await until(async () => {
    const again = await silent(port);
    const closed = once(again, 'close').then(() => 'closed');
    const open = new Promise((resolve) => setImmediate(() => setImmediate(() => resolve('open'))));
    return (await Promise.race([closed, open])) === 'open' && !again.destroyed;
  });
});

describe('who is counted together', () => {
  const from = (remoteAddress: string, remotePort: number) =>
    Object.assign(new EventEmitter(), { remoteAddress, remotePort, destroy: () => {} }) as unknown as Socket;

  it('is one address, and not the others', () => {
    const strangers = createStrangers(2);
    const mine = [1, 2, 3].map((port) => from('192.0.2.7', port));
    expect(mine.map((socket) => strangers.admit(socket))).toEqual([true, true, false]);
    expect(strangers.admit(from('192.0.2.8', 1))).toBe(true);
    mine[0]?.emit('close');
    expect(strangers.admit(from('192.0.2.7', 4))).toBe(true);
    strangers.known({ remoteAddress: '192.0.2.7', remotePort: 4 });
    expect([5, 6].map((port) => strangers.admit(from('192.0.2.7', port)))).toEqual([true, false]);
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
  ])('%s is %s', (address, network) => expect(networkOf(address)).toBe(network));
});
