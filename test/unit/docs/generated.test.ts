import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { files, sections, withSection } from '../../support/docs/generate.ts';

it.each(sections)('$file has the $name that the code has (npm run docs writes it)', async (section) => {
  const { text, fresh } = await withSection(section);
  expect(text).toBe(fresh);
});

it.each(files)('$file is what the code says (npm run docs writes it)', async ({ file, make }) => {
  expect(await readFile(join(import.meta.dirname, '../../..', file), 'utf8')).toBe(make());
});
