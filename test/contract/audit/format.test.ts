import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAuditReader } from '../../../src/audit/reader.ts';
import { verify } from '../../../src/audit/verify/verify.ts';
import { chainsIn, keptLog, linesIn } from '../../unit/audit/support.ts';

const folder = join(import.meta.dirname, '../../../fixtures/audit');

it('a log of the first format still verifies, and tells its votes', async () => {
  const report = await verify(folder);
  expect(report).toMatchObject({ consistent: true, lines: 9, openIntents: [] });
  expect(await createAuditReader({ folder, log: keptLog() }).votes('cs-7f3k2m')).toMatchObject([
    { person: 'ana@example.com' },
  ]);
  expect(chainsIn(folder)).toHaveLength(2);
});

it('every key of a line is in the table of the documentation', () => {
  const table = readFileSync(join(folder, '../../docs/audit.md'), 'utf8');
  const known = new Set([...table.matchAll(/`([A-Za-z]+)`/g)].map(([, key]) => key));
  for (const line of linesIn(folder)) expect(Object.keys(line).filter((key) => !known.has(key))).toEqual([]);
});
