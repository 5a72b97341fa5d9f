import { afterEach, expect, it } from 'vitest';
import { both, modern, openSession, post } from '../support/http-messages.ts';
import { type HttpRig, startHttpRig, until } from '../support/http-rig.ts';

let rig: HttpRig;
afterEach(() => rig.close());

const listen = (): Promise<Response> => {
  const { body, headers } = modern('subscriptions/listen', { notifications: {} });
  return post(rig.url, body, headers);
};

/** A stream costs its client nothing and stays for hours. */
it('one caller gets half of the connections, and what it closes is free again', async () => {
  rig = await startHttpRig({ config: { connections: 10 } });
  const open = await Promise.all(Array.from({ length: 5 }, listen));
  expect(open.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  const refused = await listen();
  expect([refused.status, await refused.text()]).toEqual([429, expect.stringContaining('close some')]);
  expect(rig.refused).toContain('too_many_open');

  const other = { authorization: 'Bearer other', accept: both };
  expect(await openSession(rig.url, other)).not.toBe('');

  await open[0]?.body?.cancel();
  await until(async () => {
    const again = await listen();
    if (again.status !== 200) await again.text();
    return again.status === 200;
  });
});

it('a stream ends when its caller may not call any more', async () => {
  rig = await startHttpRig();
  const stream = await listen();
  rig.suspend('deploy');
  expect(await stream.text()).toContain('"resultType":"complete"');
});
