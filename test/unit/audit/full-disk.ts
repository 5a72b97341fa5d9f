/**
 * For a mount namespace of its own, where a real small file system is at `argv[2]`: fills it until the log refuses, makes room,
 * and says what happened, one word a line.
 */
import { randomBytes } from 'node:crypto';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openAuditLog } from '../../../src/audit/log.ts';
import { verify } from '../../../src/audit/verify/verify.ts';
import { ident } from '../../../src/domain/masked.ts';

const root = process.argv[2] ?? '';
const folder = join(root, 'audit');
const quiet = (): void => undefined;
const say = (word: string): void => void process.stdout.write(`${word}\n`);

const audit = await openAuditLog({
  folder,
  clock: { now: () => Date.now() },
  random: { bytes: (length) => randomBytes(length) },
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
});
writeFileSync(join(root, 'ballast'), Buffer.alloc(statfsSync(root).bavail * statfsSync(root).bsize - 128 * 1024));

const kept: string[] = [];
async function append(invocation: string): Promise<boolean> {
  try {
    await audit.append({ type: 'Planned', invocation, fields: { facts: ident('x'.repeat(5_000)) } });
    kept.push(invocation);
    return true;
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    say(`${code} ${/ENOSPC/.exec(String(thrown))?.[0] ?? ''}`);
    return false;
  }
}

let n = 0;
while (n < 1_000 && (await append(`before-${n}`))) n += 1;
say(audit.healthy ? 'healthy' : 'red');
rmSync(join(root, 'ballast'));
for (let tries = 0; !audit.healthy && tries < 100; tries++) await setTimeout(50);
say(audit.healthy ? 'healthy' : 'red');
await append('after');
await audit.close();
const report = await verify(folder);
const lines = report.lines - report.chains.length;
say(
  `${report.faults.length} faults, ${lines === kept.length ? 'every accepted line' : `${lines} of ${kept.length} lines`}, ${n > 5}`,
);
