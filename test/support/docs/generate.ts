import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { auditEventSchema, eventTable, keyTable } from './audit-schema.ts';
import { configurationTable } from './configuration.ts';
import { toolsTable } from './tools.ts';

const root = join(import.meta.dirname, '../../..');

/** Parts of pages that are made from the code: where they stand, and what they say now. */
export const sections = [
  { file: 'README.md', name: 'tools', make: toolsTable },
  { file: 'docs/configuration.md', name: 'configuration', make: configurationTable },
  { file: 'docs/audit.md', name: 'audit events', make: eventTable },
  { file: 'docs/audit.md', name: 'audit keys', make: keyTable },
] as const;

/** The page with its generated part as it should be. @throws when the marks are not there */
export async function withSection({ file, name, make }: (typeof sections)[number]) {
  const text = await readFile(join(root, file), 'utf8');
  const begin = `<!-- generated: ${name} -->\n`;
  const [before, rest] = text.split(begin);
  const after = rest?.split('<!-- end -->').slice(1).join('<!-- end -->');
  if (before === undefined || after === undefined) throw new Error(`${file} has no part "generated: ${name}"`);
  return { path: join(root, file), text, fresh: `${before}${begin}\n${make()}\n\n<!-- end -->${after}` };
}

/** Whole files that are made from the code. */
export const files = [
  { file: 'docs/audit-event.schema.json', make: () => `${JSON.stringify(auditEventSchema(), null, 2)}\n` },
] as const;

// `npm run docs`
if (process.argv[1] === import.meta.filename) {
  for (const { file, make } of files) await writeFile(join(root, file), make());
  for (const section of sections) {
    const { path, fresh } = await withSection(section);
    await writeFile(path, fresh);
  }
}
