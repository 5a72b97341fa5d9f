import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type HttpRig, startHttpRig } from '../support/http-rig.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await startHttpRig();
});
afterEach(() => rig.close());

/** The raw answer to a raw request: Node's own client would not send such a thing. */
async function raw(...headers: readonly string[]): Promise<string> {
  const { port } = new URL(rig.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(['GET /mcp HTTP/1.1', 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n'));
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text;
}

it('two Authorization headers are refused, whichever of them is good', async () => {
  for (const [first, second] of [
    ['deploy', '!'],
    ['!', 'deploy'],
    ['deploy', 'deploy'],
  ]) {
    const answer = await raw(`Authorization: Bearer ${first}`, `authorization: Bearer ${second}`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('error="invalid_request"');
  }
  expect(rig.invocations).toEqual([]);
});

it('two Host headers too', async () => {
  expect(await raw('Host: evil.example.com')).toMatch(/^HTTP\/1\.1 4(?:00|21) /);
});
