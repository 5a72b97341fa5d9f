import { expect, it } from 'vitest';
import { sections, withSection } from '../../support/docs/generate.ts';

it.each(sections)('$file has the $name that the code has (npm run docs writes it)', async (section) => {
  const { text, fresh } = await withSection(section);
  expect(text).toBe(fresh);
});
