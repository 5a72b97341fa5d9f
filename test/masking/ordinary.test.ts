import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import type { Json, JsonObject } from '../../src/domain/json.ts';
import { open } from '../../src/domain/masked.ts';
import { createMasker } from '../../src/masking/masker.ts';
import { silent } from '../support/approvals.ts';

/** What clusters say all day and is no secret; and the Secrets that are beside it, with what such Secrets hold beside secrets. */
const folder = new URL('../../fixtures/masking/ordinary/', import.meta.url);
const files = readdirSync(folder).sort();
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

const values = [
  ['username', 'shop'],
  ['host', 'localhost'],
  ['port', '5432'],
  ['environment', 'production'],
  ['password', 'Kx7-data-Qm4Zt9-wLp2'],
  [
    'tls.key',
    '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----\n',
  ],
].map(([key, value]) => ({ value: value as string, source: `Secret db/${key}` }));
const masker = createMasker({ log: silent });
const text = (raw: string): string => open(masker.text(raw, { values }));

let [lines, changed] = [0, 0];
const told: string[] = [];

/** Counts the lines that are not as they were. */
function compare(file: string, before: string, after: string): void {
  const rest = new Map<string, number>();
  for (const line of after.split('\n')) rest.set(line, (rest.get(line) ?? 0) + 1);
  for (const line of before.split('\n')) {
    lines++;
    const left = rest.get(line) ?? 0;
    if (left > 0) rest.set(line, left - 1);
    else {
      changed++;
      told.push(`${file}: ${line.trim()}`);
    }
  }
}

afterAll(() => {
  console.info(`ordinary lines ${lines}, changed ${changed} (${((100 * changed) / lines).toFixed(2)} %)`);
});

describe('ordinary output', () => {
  it.each(files)('%s, as what a program prints', (file) => {
    const before = read(file);
    const after = text(before);
    compare(file, before, after);
    expect(text(after)).toBe(after);
  });

  it.each(files.filter((file) => file.endsWith('.yaml')))('%s, as objects', (file) => {
    for (const document of parseAllDocuments(read(file))) {
      const raw = document.toJS() as JsonObject;
      const once = open(masker.object(raw, { values }).value);
      compare(file, stringify(raw), stringify(once));
      expect(open(masker.object(once, { values }).value)).toEqual(once);
    }
  });

  it.each(files)('%s, as a file in a ConfigMap', (file) => {
    const map = (content: string): Json => ({
      kind: 'ConfigMap',
      metadata: { name: 'files' },
      data: { file: content },
    });
    const masked = (content: string): string =>
      (open(masker.object(map(content), { values }).value) as { data: { file: string } }).data.file;
    const once = masked(read(file));
    compare(file, read(file), once);
    expect(masked(once)).toBe(once);
  });

  it('is left as it is, but for one line of two hundred', () => {
    expect(lines).toBeGreaterThan(500);
    if (changed / lines > 0.005) expect(told).toEqual([]);
    expect(changed / lines).toBeLessThanOrEqual(0.005);
  });
});
