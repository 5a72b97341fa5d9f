import { afterEach, beforeEach, expect, it } from 'vitest';
import { type HttpRig, startHttpRig } from '../support/http-rig.ts';

let rig: HttpRig;
beforeEach(async () => {
  rig = await startHttpRig();
});
afterEach(() => rig.close());

it('a token in the address is refused on every path, and is not said back', async () => {
  for (const key of ['access_token', 'token', 'Authorization', 'api_key']) {
    for (const path of ['/mcp', '/sse', '/messages', '/healthz']) {
      const response = await fetch(`${rig.url}${path}?x=1&${key}=deploy`, {
        headers: { authorization: 'Bearer deploy' },
      });
      expect(response.status).toBe(400);
      expect(await response.text()).not.toContain('deploy');
    }
  }
  expect(rig.logged).toEqual([]);
});
