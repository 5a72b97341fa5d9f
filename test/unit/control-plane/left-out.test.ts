import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Run {
  readonly sum: {
    readonly passed: number;
    readonly failed: number;
    readonly skipped: number;
    readonly leftOut: number;
  };
  readonly lastLine: string | undefined;
}

async function run(file: string, env: Readonly<Record<string, string>>): Promise<Run> {
  // The sum is written into the working folder, so this run does not touch the sum of ours.
  const scratch = mkdtempSync(join(tmpdir(), 'countersign-left-out-'));
  try {
    const { stdout } = await execa(process.execPath, [vitest, 'run', '--root', root, file], {
      cwd: scratch,
      env: { NO_COLOR: '1', ...env },
      stdin: 'ignore',
    });
    const sum = JSON.parse(readFileSync(join(scratch, '.test-run', 'summary.json'), 'utf8'));
    return { sum, lastLine: stdout.trimEnd().split('\n').at(-1) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

it('counts the cluster tests that COUNTERSIGN_TEST_CLUSTER=off leaves out', { timeout: 120_000 }, async () => {
  const env = { COUNTERSIGN_TEST_CLUSTER: 'off', KUBEBUILDER_ASSETS: '/nowhere' };
  const { sum, lastLine } = await run('test/cluster/control-plane', env);
  expect(sum).toMatchObject({ passed: 0, failed: 0 });
  expect(sum.leftOut).toBeGreaterThan(10);
  expect(sum.skipped).toBe(sum.leftOut);
  expect(lastLine).toContain(`${sum.leftOut} cluster tests were left out`);
});

it("says what somebody else's cluster cannot show", { timeout: 120_000 }, async () => {
  const env = { COUNTERSIGN_TEST_CLUSTER: '', COUNTERSIGN_TEST_KUBECONFIG: '/nowhere' };
  const { sum, lastLine } = await run('test/unit/control-plane/binaries.test.ts', env);
  expect(sum).toMatchObject({ failed: 0 });
  expect(lastLine).toContain('Nothing was held to the audit log of the API server');
});
