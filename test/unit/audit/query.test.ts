import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { AuditQuery } from '../../../src/audit/fitting.ts';
import { query } from '../../../src/audit/query.ts';
import { ident } from '../../../src/domain/masked.ts';
import { chainsIn, event, opened, temporaryFolder } from './support.ts';

const found = async (folder: string, asked: AuditQuery): Promise<readonly unknown[]> => {
  const ids = [];
  for await (const each of query(folder, asked)) ids.push(each.invocation);
  return ids;
};

it('merges chains by time, takes exact values only, and begins where it is asked to', async () => {
  const folder = temporaryFolder();
  let now = 1_800_000_000_000;
  const clock = { now: () => (now += 1_000) };
  const [one, two] = [await opened({ folder, clock }), await opened({ folder, clock })];
  const vote = (n: number, more = {}) => event('ApprovalVoted', `i${n}`, { approval: 'cs-aaaaaa', ...more });
  for (let n = 0; n < 6; n++) await (n % 2 ? one : two).append(vote(n, n === 4 ? { breakGlass: true } : {}));
  const three = await opened({ folder, clock });
  await three.append(vote(6, { approver: 'ana' }));
  await one.append(event('ApprovalVoted', 'other', { approval: 'cs-bbbbbb', comment: 'cs-aaaaaa "breakGlass":true' }));
  await one.append(vote(7));
  expect(await found(folder, { keys: { approval: 'cs-aaaaaa' } })).toEqual([
    'i0',
    'i1',
    'i2',
    'i3',
    'i4',
    'i5',
    'i6',
    'i7',
  ]);
  expect(await found(folder, { keys: { approval: 'cs-aaaaaa', approver: 'ana' } })).toEqual(['i6']);
  expect(await found(folder, { keys: { breakGlass: true } })).toEqual(['i4']);
  expect(await found(folder, { keys: { approval: 'cs-aaaaa' } })).toEqual([]);
  const at = now;
  await two.append(vote(8));
  expect(await found(folder, { keys: { type: 'ApprovalVoted' }, since: new Date(at).toISOString() })).toContain('i8');
  expect(await found(folder, { keys: {}, since: new Date(now + 1).toISOString() })).toEqual([]);
});

it('reads lines over the edge of what is read at once, and no line that is not finished', async () => {
  const folder = temporaryFolder();
  const log = await opened({ folder });
  for (let n = 0; n < 40; n++) await log.append(event('Planned', `i${n}`, { reason: 'x'.repeat(15_000) }));
  await log.close();
  const [file = ''] = chainsIn(folder);
  appendFileSync(
    join(folder, file),
    '{"seq":99,"time":"2030-01-01T00:00:00.000Z","type":"Planned","invocation":"torn"}',
  );
  expect(await found(folder, { keys: { type: 'Planned' } })).toEqual(Array.from({ length: 40 }, (_, n) => `i${n}`));
});

it('finds by namespace, object, outcome and time', async () => {
  const folder = temporaryFolder();
  let now = Date.UTC(2026, 10, 21);
  const log = await opened({ folder, clock: { now: () => (now += 1_000) } });
  const about = (invocation: string, object: string, type: 'Executed' | 'Refused', code?: string) =>
    log.append({
      ...event(type, invocation, code === undefined ? {} : { code }),
      fields: { objects: [ident(object)], code: code === undefined ? undefined : ident(code) },
    });
  await about('web', 'Deployment/shop/web', 'Executed');
  await about('other', 'Deployment/shop2/web', 'Executed');
  await about('namespace', 'Namespace/shop', 'Refused', 'Denied');
  await about('node', 'Node/shop', 'Refused', 'Invalid');
  await about('slash', 'Deployment/web/shop', 'Refused', 'ApprovalDenied');
  expect(await found(folder, { keys: {}, namespace: 'shop' })).toEqual(['web', 'namespace']);
  expect(await found(folder, { keys: {}, object: 'Deployment/shop/web' })).toEqual(['web']);
  expect(await found(folder, { keys: {}, outcome: 'executed' })).toEqual(['web', 'other']);
  expect(await found(folder, { keys: {}, outcome: 'denied' })).toEqual(['namespace', 'slash']);
  expect(await found(folder, { keys: {}, outcome: 'refused', namespace: 'shop' })).toEqual(['namespace']);
  const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 21) + seconds * 1_000).toISOString();
  expect(await found(folder, { keys: {}, since: at(4), until: at(6) })).toEqual(['other', 'namespace']);
});
