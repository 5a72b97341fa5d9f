import { afterEach, beforeEach, expect, it } from 'vitest';
import { httpConfigSchema } from '../../src/transport/http/config.ts';
import { initialize } from '../support/http-messages.ts';
import { type HttpRig, startHttpRig } from '../support/http-rig.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await startHttpRig({ config: httpConfigSchema.parse({ origins: ['https://console.example.com'] }) });
});
afterEach(() => rig.close());

const paths = ['/mcp', '/sse', '/messages', '/healthz', '/readyz', '/.well-known/oauth-protected-resource'];

it.each(paths)('a web page of somebody else gets nothing from %s', async (path) => {
  for (const origin of [
    'https://evil.example.com',
    'null',
    'http://localhost:1',
    'https://console.example.com.evil.example.com',
  ]) {
    const response = await fetch(`${rig.url}${path}`, { headers: { origin, authorization: 'Bearer deploy' } });
    expect([origin, response.status]).toEqual([origin, 403]);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  }
});

it('a page that the operator named may call', async () => {
  const { status } = await initialize(rig.url, { origin: 'https://console.example.com' });
  expect(status).toBe(200);
});
