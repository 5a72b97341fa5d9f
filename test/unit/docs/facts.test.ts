import { join } from 'node:path';
import { expect, it } from 'vitest';
import { factSpecs } from '../../../src/domain/facts/spec.ts';
import { factsPage } from '../../../src/domain/facts/table.ts';

it('docs/facts.md is what the code says; run this test with -u to write it again', async () => {
  await expect(factsPage()).toMatchFileSnapshot(join(import.meta.dirname, '../../../docs/facts.md'));
});

it('has a row for every fact', () => {
  const page = factsPage();
  for (const { name } of factSpecs) expect(page).toContain(`| \`${name}\` | `);
});
