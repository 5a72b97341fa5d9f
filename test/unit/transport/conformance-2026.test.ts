import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newestSuite, type Suite } from '../../support/conformance/newest.ts';
import { listening } from '../../support/http-listening.ts';

const program = join(import.meta.dirname, '../../../dist/countersign.cjs');
let suite: Suite;
let server: ChildProcess;
let url: string;
let folder: string;

beforeAll(async () => {
  suite = await newestSuite();
  folder = await mkdtemp(join(tmpdir(), 'cs-conformance-'));
  const env = { PATH: process.env.PATH ?? '', HOME: folder, COUNTERSIGN_STATE: join(folder, 'state') };
  server = spawn(process.execPath, [program, 'serve', '--sandbox', '--http', '127.0.0.1:0'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  url = (await listening(server)).url;
}, 300_000);
afterAll(async () => {
  server.kill();
  await once(server, 'exit');
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

/** The checks of one scenario that did not go well, and how many did. */
async function run(scenario: string): Promise<{ readonly passed: number; readonly failed: readonly string[] }> {
  const out = await mkdtemp(join(folder, 'out-'));
  const args = ['server', '--url', `${url}/mcp`, '--spec-version', '2026-07-28', '--scenario', scenario, '-o', out];
  await execa(suite.node, [suite.script, ...args], { reject: false, timeout: 100_000, cwd: folder });
  const file = (await readdir(out, { recursive: true })).find((name) => name.endsWith('checks.json'));
  if (file === undefined) throw new Error(`the suite told nothing about ${scenario}`);
  const checks = JSON.parse(await readFile(join(out, file), 'utf8')) as readonly Check[];
  return {
    passed: checks.filter(({ status }) => status === 'SUCCESS').length,
    failed: checks.flatMap(({ id, status }) => (status === 'FAILURE' || status === 'WARNING' ? [id] : [])),
  };
}

/** The official suite for 2026-07-28 against the program itself, wherever a scenario needs no tool of the suite's own. */
it.each([
  ['tools-list', 4, []],
  ['resources-list', 2, []],
  ['sep-2164-resource-not-found', 4, []],
  ['http-header-validation', 14, []],
  ['dns-rebinding-protection', 2, []],
  ['server-sse-multiple-streams', 1, []],
  // There are no prompts here.
  ['caching', 7, ['sep-2549-prompts-list-caching-hints']],
  // They ask for a tool of the suite's, and no tool of ours needs anything of a client.
  ['server-stateless', 26, ['sep-2575-server-rejects-undeclared-capability', 'sep-2575-missing-capability-http-400']],
] as const)('%s: %i checks pass', { timeout: 120_000 }, async (scenario, passes, misses) => {
  const { passed, failed } = await run(scenario);
  expect(failed).toEqual(misses);
  expect(passed).toBeGreaterThanOrEqual(passes);
});
