import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { exportLog } from '../../../src/audit/export.ts';
import { verify } from '../../../src/audit/verify/verify.ts';
import { ident } from '../../../src/domain/masked.ts';
import { seal } from '../../../src/domain/seal.ts';
import { checkpointed } from './checkpointed.ts';
import { event, opened, temporaryFolder } from './support.ts';

const guides = join(import.meta.dirname, '../../../docs/auditor');

/** A log of two chains with an attachment, a checkpoint and a recording, exported while the second one is still written. */
async function exported() {
  const state = temporaryFolder();
  const folder = join(state, 'audit');
  const { audit, key, close } = await checkpointed({ folder });
  const factsDigest = await audit.attach(seal('{"facts":[]}'));
  await audit.append({
    type: 'Planned',
    invocation: 'i',
    fields: { tool: ident('apply'), factsDigest: ident(factsDigest) },
  });
  await close();
  const second = await opened({ folder });
  await second.append(event('RequestReceived', 'j', { tool: 'get' }));
  appendFileSync(join(folder, second.file), '{"seq":3,"time":"2026-');
  mkdirSync(join(state, 'recordings'));
  writeFileSync(join(state, 'recordings', `rec-${'0'.repeat(26)}.jsonl`), 'a recording\n');
  const out = join(state, 'for-the-auditor');
  const options = { folder, recordings: join(state, 'recordings'), keys: [key], guides, out };
  return { options, out, key, done: await exportLog(options) };
}

/** The checker as an auditor runs it: nothing of ours is loaded. */
const check = async (out: string): Promise<{ readonly code: number; readonly text: string }> => {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [join(out, 'verify.mjs')]);
    return { code: 0, text: stdout };
  } catch (thrown) {
    const { code, stdout } = thrown as { code: number; stdout: string };
    return { code, text: stdout };
  }
};

describe('an exported log', () => {
  it('has everything that an auditor needs, each file with its digest', async () => {
    const { out, key, done } = await exported();
    expect(done).toMatchObject({ consistent: true, files: 8 });
    const sums = readFileSync(join(out, 'SHA256SUMS'), 'utf8').trim().split('\n');
    expect(sums).toHaveLength(8);
    for (const sum of sums) {
      const [digest, path = ''] = sum.split('  ');
      expect(
        createHash('sha256')
          .update(readFileSync(join(out, path)))
          .digest('hex'),
        path,
      ).toBe(digest);
    }
    expect(readFileSync(join(out, 'keys.txt'), 'utf8')).toBe(`${key.text}\n`);
    expect(readdirSync(join(out, 'audit', 'attached'))).toHaveLength(1);
    expect(existsSync(join(out, 'README.md'))).toBe(true);
    expect(await verify(join(out, 'audit'), { keys: [key] })).toMatchObject({ consistent: true });
  });

  it('is checked by a program that has nothing of ours', async () => {
    const { out } = await exported();
    const { code, text } = await check(out);
    expect(text).toMatch(/^\d+ lines, [1-9]\d* checkpoints, [1-9]\d* good signatures, 0 faults\nsigned up to/);
    expect(code).toBe(0);
  });

  it.each([
    ['a changed byte', (text: string) => text.replace('"tool":"apply"', '"tool":"apple"'), 'that line was changed'],
    [
      'a line that is gone',
      (text: string) => text.replace(/\n[^\n]*"Planned"[^\n]*/, ''),
      'its number is not the next one',
    ],
    [
      'a signed text that was changed',
      (text: string) => text.replace('because stop', 'because vote'),
      'not of this text',
    ],
    ['an end that was cut', (text: string) => text.slice(0, text.indexOf('\n') + 1), 'nothing in it is signed'],
  ])('%s is seen by it', async (_, change, says) => {
    const { out } = await exported();
    const [first = ''] = readdirSync(join(out, 'audit')).filter((name) => name.endsWith('.jsonl'));
    const path = join(out, 'audit', first);
    const good = readFileSync(path, 'utf8');
    expect(change(good)).not.toBe(good);
    writeFileSync(path, change(good));
    expect((await check(out)).text).toContain(says);
  });

  it('never goes over a folder that is there, and leaves recordings out where it is told to', async () => {
    const { options } = await exported();
    await expect(exportLog(options)).rejects.toMatchObject({ code: 'Invalid' });
    const out = `${options.out}-2`;
    await exportLog({ ...options, out, recordings: undefined });
    expect(existsSync(join(out, 'recordings'))).toBe(false);
  });
});
