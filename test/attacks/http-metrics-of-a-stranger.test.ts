import { request } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { createPrometheusMetrics } from '../../src/metrics/prometheus.ts';
import type { HttpConfig } from '../../src/transport/http/config.ts';
import { operatorsOf } from '../../src/transport/http/operators.ts';
import { type HttpRig, startHttpRig } from '../support/http-rig.ts';

let rig: HttpRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function serve(config: Partial<HttpConfig>): Promise<string> {
  const parts = [{ name: 'audit', check: () => 'the audit log cannot be written' }];
  rig = await startHttpRig({ config, over: { routes: [createPrometheusMetrics().route], parts } });
  return rig.url;
}
const token = 'scrape-7f3k2m';
const ask = async (url: string, headers: Record<string, string> = {}) => {
  const [metrics, ready] = await Promise.all([
    fetch(`${url}/metrics`, { headers }),
    fetch(`${url}/readyz`, { headers }),
  ]);
  return { metrics: metrics.status, said: await metrics.text(), ready: ready.status, body: await ready.json() };
};
const outside = { metrics: 403, ready: 503, body: { ready: false } };
const inside = {
  metrics: 200,
  ready: 503,
  body: { ready: false, parts: ['audit'], notReady: { audit: expect.stringContaining('cannot') } },
};

it('whoever is on the machine sees the inside, and what a proxy brought does not', async () => {
  const url = await serve({});
  expect(await ask(url)).toMatchObject(inside);
  for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])
    expect(await ask(url, { [header]: '192.0.2.7' }), header).toMatchObject(outside);
  expect(rig?.refused).toContain('operators_only');
});

it('behind a proxy nobody is on the machine, also without a header that says so', async () => {
  const url = await serve({ behindProxy: true, metricsToken: token });
  expect(await ask(url)).toMatchObject(outside);
  expect(await ask(url, { authorization: 'Bearer wrong' })).toMatchObject(outside);
  expect(await ask(url, { authorization: `Bearer ${token}` })).toMatchObject(inside);
});

it('without a configured token none is good, not even an empty one', async () => {
  const url = await serve({ behindProxy: true });
  for (const authorization of ['Bearer ', 'Bearer undefined', `Bearer ${token}`])
    expect(await ask(url, { authorization }), authorization).toMatchObject(outside);
});

it('two tokens are none', async () => {
  const url = await serve({ behindProxy: true, metricsToken: token });
  const status = await new Promise((resolve, reject) => {
    const sent = request(`${url}/metrics`, {
      headers: ['authorization', 'Bearer x', 'authorization', `Bearer ${token}`],
    });
    sent
      .on('response', (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
  expect(status).not.toBe(200);
});

it.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['10.0.0.7', false],
  ['::ffff:10.0.0.7', false],
  ['', false],
])('a request from %j is of the machine: %s', (remoteAddress, expected) => {
  const isOperator = operatorsOf({ metrics: 'loopback', metricsToken: undefined, behindProxy: false });
  expect(isOperator({ rawHeaders: [], headers: {}, socket: { remoteAddress } } as never)).toBe(expected);
});
