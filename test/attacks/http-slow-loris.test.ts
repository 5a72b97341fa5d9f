import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { httpConfigSchema } from '../../src/transport/http/config.ts';
import { post, rpc } from '../support/http-messages.ts';
import { type HttpRig, startHttpRig } from '../support/http-rig.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await startHttpRig({ config: httpConfigSchema.parse({ connections: 10 }) });
});
afterEach(() => rig.close());

/** A client that never finishes its request; resolves with what it was told when the server hangs up. */
async function dawdle(...lines: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(rig.url).port), '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.write(lines.join('\r\n'));
  await once(socket, 'close');
  return text;
}

it('headers that never end are hung up on', { timeout: 20_000 }, async () => {
  expect(await dawdle('POST /mcp HTTP/1.1', 'Host: localhost', 'X-A: b')).toMatch(/^HTTP\/1\.1 408 /);
});

it('sockets beyond the limit are refused, and those that are there go on', async () => {
  await (await post(rig.url, rpc('ping'))).text();
  const { port } = new URL(rig.url);
  const sockets = Array.from({ length: 30 }, () => connect(Number(port), '127.0.0.1').on('error', () => {}));
  const closed = await Promise.race(sockets.map((socket) => once(socket, 'close').then(() => true)));
  expect(closed).toBe(true);
  for (const socket of sockets) socket.destroy();
});
