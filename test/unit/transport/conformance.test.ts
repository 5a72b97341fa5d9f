import { type ChildProcess, execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFixtures } from '../../support/conformance/start.ts';

const root = join(import.meta.dirname, '../../..');
const suite = join(root, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');

let server: ChildProcess;
let url: string;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-conformance-'));
  ({ server, url } = await startFixtures());
});
afterAll(async () => {
  server.kill();
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly text: string;
}

const conformance = (...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [suite, ...args], { cwd: folder, timeout: 100_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), text: `${stdout}${stderr}` }),
    );
  });

/** The official suite of the Model Context Protocol, on the HTTP transports of the program. */
describe('the conformance suite, server scenarios', () => {
  it('passes in whole, without a warning', { timeout: 120_000 }, async () => {
    const { code, text } = await conformance('server', '--url', url, '--suite', 'all');
    const summary = /Total: (\d+) passed, (\d+) failed/.exec(text);
    expect(text).not.toMatch(/[1-9]\d* failed/);
    expect(Number(summary?.[1])).toBeGreaterThanOrEqual(40);
    expect(text).not.toMatch(/WARNING/);
    expect(code).toBe(0);
  });

  it('can fail: a server that is not there does not pass', { timeout: 120_000 }, async () => {
    const { code } = await conformance('server', '--url', 'http://127.0.0.1:9/mcp', '--scenario', 'ping');
    expect(code).not.toBe(0);
  });
});
