import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const root = fileURLToPath(new URL('../../..', import.meta.url));

it('counts the cluster tests that COUNTERSIGN_TEST_CLUSTER=off leaves out', { timeout: 120_000 }, async () => {
  // The sum is written into the working folder, so this run does not touch the sum of ours.
  const scratch = mkdtempSync(join(tmpdir(), 'countersign-left-out-'));
  try {
    const run = await execa(process.execPath, [vitest, 'run', '--root', root, 'test/cluster/control-plane'], {
      cwd: scratch,
      env: { COUNTERSIGN_TEST_CLUSTER: 'off', KUBEBUILDER_ASSETS: '/nowhere', NO_COLOR: '1' },
      stdin: 'ignore',
    });
    const sum = JSON.parse(readFileSync(join(scratch, '.test-run', 'summary.json'), 'utf8'));
    expect(sum).toMatchObject({ passed: 0, failed: 0 });
    expect(sum.leftOut).toBeGreaterThan(10);
    expect(sum.skipped).toBe(sum.leftOut);
    expect(run.stdout.trimEnd().split('\n').at(-1)).toContain(`${sum.leftOut} cluster tests were left out`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
