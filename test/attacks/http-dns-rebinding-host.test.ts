import { request } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type HttpRig, startHttpRig } from '../support/http-rig.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await startHttpRig();
});
afterEach(() => rig.close());

/** A request whose Host says something else than where it went: what a browser sends after its name was bound anew. */
const asHost = (path: string, host: string | undefined): Promise<number> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(rig.url);
    const headers = { authorization: 'Bearer deploy', ...(host === undefined ? {} : { host }) };
    const sent = request({ host: '127.0.0.1', port, path, headers, setHost: host !== undefined, method: 'GET' });
    sent.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      sent.destroy();
    });
    sent.once('error', reject).end();
  });

const paths = ['/mcp', '/sse', '/messages', '/healthz', '/readyz', '/.well-known/oauth-protected-resource'];
const foreign = [
  'evil.example.com',
  'evil.example.com:8700',
  '127.0.0.1.evil.example.com',
  'localhost.evil.example.com',
  '[::2]',
];

it.each(paths)('a name that is not ours is refused at %s, before anything else', async (path) => {
  for (const host of foreign) expect([host, await asHost(path, host)]).toEqual([host, 421]);
  expect(await asHost(path, undefined)).toBe(421);
  expect(rig.refused).toEqual(Array.from({ length: foreign.length + 1 }, () => 'host'));
});

it('names of this machine are not, with any port', async () => {
  for (const host of ['localhost', 'LOCALHOST:1234', '127.0.0.1:80', '[::1]:9'])
    expect(await asHost('/healthz', host)).toBe(200);
});
