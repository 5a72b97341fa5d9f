import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-masking-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function load(masking: object) {
  const file = join(folder, 'countersign.yaml');
  await writeFile(file, JSON.stringify({ masking }));
  return loadConfig(file, {});
}

it('a configuration without any of it hides what is known, and nothing is excepted', async () => {
  const { config } = await loadConfig(undefined, {});
  expect(config.masking).toEqual({ paths: {}, patterns: [], exceptions: { paths: {}, values: [] } });
});

it('takes paths, patterns and exceptions', async () => {
  const masking = {
    paths: { 'databases.acme.example': ['spec.users[*].hash'] },
    patterns: [{ name: 'acme key', pattern: 'acme-[0-9a-f]{32}' }],
    exceptions: { paths: { configmaps: ['data["csrf-token"]'] }, values: ['*/db/host'] },
  };
  expect((await load(masking)).config.masking).toEqual(masking);
});

it.each<[object, RegExp]>([
  [
    {
      patterns: [
        { name: 'fine', pattern: 'x1' },
        { name: 'slow', pattern: '(a{1,30}){1,30}b{500}' },
      ],
    },
    /masking\.patterns\.1: pattern "slow": costs \d+ steps/,
  ],
  [{ patterns: [{ name: 'p', pattern: '(?=a)' }] }, /masking\.patterns\.0: .*no look-around/],
  [{ paths: { pods: ['spec.'] } }, /masking\.paths\.pods\.0: a path as answers name it/],
  [{ exceptions: { paths: { secrets: ['data.host'] } } }, /masking\.exceptions\.paths: what a Secret holds/],
  [{ exceptions: { values: ['db'] } }, /masking\.exceptions\.values\.0: namespace\/name\/key/],
])('says which entry is wrong and what to change: %j', async (masking, words) => {
  await expect(load(masking)).rejects.toThrow(words);
});
