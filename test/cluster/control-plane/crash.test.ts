import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ControlPlaneInfo } from '../../support/control-plane/control-plane.ts';
import { Kube, readKubeconfig } from '../../support/control-plane/kube.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const config = fileURLToPath(new URL('./crash/vitest.config.ts', import.meta.url));
const hangs = fileURLToPath(new URL('./crash/hangs.fixture.ts', import.meta.url));
const cli = fileURLToPath(new URL('../../support/control-plane/cli.ts', import.meta.url));
const tsx = createRequire(import.meta.url).resolve('tsx');
let scratch = '';
let infoPath = '';

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'countersign-crash-'));
  infoPath = join(scratch, 'info.json');
  return () => rmSync(scratch, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function readInfo(): ControlPlaneInfo | undefined {
  if (!existsSync(infoPath)) return undefined;
  const text = readFileSync(infoPath, 'utf8');
  return text.endsWith('}') ? JSON.parse(text) : undefined;
}

// On somebody's own cluster nothing is started, so nothing can be left behind.
describe.runIf(!process.env.COUNTERSIGN_TEST_KUBECONFIG)('a runner that is killed', () => {
  it('leaves no process and no file of its control plane behind', { timeout: 120_000 }, async () => {
    const runner = spawn(process.execPath, [vitest, 'run', '--root', dirname(config), '--config', config, hangs], {
      env: { ...process.env, COUNTERSIGN_CRASH_INFO: infoPath },
      stdio: 'ignore',
    });
    const died = once(runner, 'exit');
    const info = await waitUntil('the second run has its control plane', async () => readInfo(), 90_000);
    const pids = Object.entries(info.pids);
    expect(pids.map(([name]) => name).sort()).toEqual(expect.arrayContaining(['etcd', 'keeper', 'kube-apiserver']));
    expect(pids.filter(([, pid]) => !isAlive(pid))).toEqual([]);

    runner.kill('SIGKILL');
    await died;

    await waitUntil('all processes are gone', async () => pids.every(([, pid]) => !isAlive(pid)));
    expect(existsSync(info.folder ?? '/')).toBe(false);
  });
});

describe.runIf(!process.env.COUNTERSIGN_TEST_KUBECONFIG)('npm run cluster', () => {
  it('runs until Ctrl-C, then takes everything away', { timeout: 120_000 }, async () => {
    const cluster = spawn(process.execPath, ['--import', tsx, cli, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(cluster, 'exit');
    const [line] = await once(createInterface({ input: cluster.stdout }), 'line');
    const info: ControlPlaneInfo = JSON.parse(line);
    const answer = await new Kube(await readKubeconfig(info.kubeconfigPath)).send('GET', '/readyz');
    expect(answer.body).toBe('ok');

    cluster.kill('SIGINT');

    expect(await ended).toEqual([0, null]);
    expect(Object.entries(info.pids).filter(([, pid]) => isAlive(pid))).toEqual([]);
    expect(existsSync(info.folder ?? '/')).toBe(false);
  });
});
