import { expect, it } from 'vitest';
import { renderEvent } from '../../../src/audit/render.ts';
import { tail } from '../../../src/audit/tail.ts';
import { event, opened, temporaryFolder } from './support.ts';

it('merges all chains by time, and takes only what is asked for', async () => {
  const folder = temporaryFolder();
  let now = 1_800_000_000_000;
  const clock = { now: () => (now += 1_000) };
  const [one, two] = [await opened({ folder, clock }), await opened({ folder, clock })];
  for (let n = 0; n < 6; n++) await (n % 2 ? one : two).append(event('Planned', `i${n}`));
  const all = [];
  for await (const each of tail(folder, { type: 'Planned' })) all.push(each.invocation);
  expect(all).toEqual(['i0', 'i1', 'i2', 'i3', 'i4', 'i5']);
  const some = [];
  for await (const each of tail(folder, { last: 2 })) some.push(each.invocation);
  expect(some).toEqual(['i4', 'i5']);
  for await (const each of tail(folder, { invocation: 'i3' })) expect(each.invocation).toBe('i3');
});

it('follows, and sees chains that begin later', async () => {
  const folder = temporaryFolder();
  const one = await opened({ folder });
  const stop = new AbortController();
  const seen: unknown[] = [];
  for await (const each of tail(folder, { follow: true, signal: stop.signal })) {
    seen.push(each.type === 'ChainOpened' ? 'opened' : each.invocation);
    if (seen.length === 1) await one.append(event('Planned', 'a'));
    if (seen.length === 2) await (await opened({ folder })).append(event('Planned', 'b'));
    if (seen.length === 4) stop.abort();
  }
  expect(seen).toEqual(['opened', 'a', 'opened', 'b']);
});

it('renders an event so that nothing in it acts on a terminal', () => {
  const line = renderEvent({
    seq: 1,
    time: '2026-11-21T09:14:02.113Z',
    type: 'Failed\u001b[2J',
    invocation: '01JD6Q8ZABCDEFGH',
    message: 'two words\u202e\n',
    planDigest: `sha256:${'ab'.repeat(32)}`,
    objects: ['Deployment/shop/web'],
    prev: 'sha256:x',
  });
  const many = renderEvent({
    type: 'ChainOpened',
    heads: Array.from({ length: 300 }, (_, n) => `head-${n}-${'x'.repeat(50)}`),
  });
  expect(many.length).toBeLessThan(300);
  expect(many).toMatch(/heads=head-0-x+,head-1-x+,head-2-x+,…297 more$/);
  expect(line).toBe(
    '2026-11-21T09:14:02.113Z  Failed\\u001b[2J     ABCDEFGH  message="two words\\u202e\\n"  planDigest=sha256:abababababab…  objects=Deployment/shop/web',
  );
});

it('renders for people: columns also where there is no call, and nothing that only programs compare', () => {
  const at = { time: '2026-11-21T09:14:02.113Z', invocation: '' };
  expect(renderEvent({ ...at, type: 'Stopped' })).toBe('2026-11-21T09:14:02.113Z  Stopped');
  const facts = { facts: '{"call":{}}', callDigest: 'sha256:a', bundleDigest: 'sha256:b', signatures: ['key sig'] };
  expect(
    renderEvent({ ...at, type: 'Planned', ...facts, groups: [], resourceVersion: [''], needs: 0, verified: false }),
  ).toBe(`2026-11-21T09:14:02.113Z  ${'Planned'.padEnd(18)}  ${' '.repeat(8)}  needs=0  verified=false`);
});
