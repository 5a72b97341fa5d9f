import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readAttached } from '../../../src/audit/attached.ts';
import { openAuditLog } from '../../../src/audit/log.ts';
import { lineDigest } from '../../../src/domain/hash-chain.ts';
import { ident, say } from '../../../src/domain/masked.ts';
import { keptLog, random, realClock, temporaryFolder } from './support.ts';

const open = async (folder: string) => openAuditLog({ folder, clock: realClock, random, log: keptLog() });

it('keeps a long text beside the log, once, readable by its owner alone', async () => {
  const folder = temporaryFolder();
  const log = await open(folder);
  const text = 'x'.repeat(100_000);
  const digest = await log.attach(say`${ident(text)}`);
  expect(digest).toBe(`sha256:${lineDigest(text)}`);
  expect(await log.attach(say`${ident(text)}`)).toBe(digest);
  await log.close();
  const files = readdirSync(join(folder, 'attached'));
  expect(files).toEqual([lineDigest(text)]);
  expect(statSync(join(folder, 'attached', lineDigest(text))).mode & 0o777).toBe(0o600);
  expect(await readAttached(folder, digest)).toBe(text);
});

it('gives nothing for what is not there or is no digest, and refuses what was changed', async () => {
  const folder = temporaryFolder();
  const log = await open(folder);
  const digest = await log.attach(say`facts`);
  await log.close();
  expect(await readAttached(folder, `sha256:${'0'.repeat(64)}`)).toBeUndefined();
  expect(await readAttached(folder, '../secret')).toBeUndefined();
  writeFileSync(join(folder, 'attached', lineDigest('facts')), 'other');
  await expect(readAttached(folder, digest)).rejects.toThrow('was changed');
});

it('is AuditUnavailable where the folder cannot be written', async () => {
  const folder = temporaryFolder();
  const log = await open(folder);
  writeFileSync(join(folder, 'attached'), 'a file in the way');
  await expect(log.attach(say`facts`)).rejects.toMatchObject({ code: 'AuditUnavailable' });
  await log.close();
});
