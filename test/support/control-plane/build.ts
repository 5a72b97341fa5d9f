import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { withBuildLock } from './build-lock.ts';
import {
  type Component,
  type ComponentName,
  componentNames,
  components,
  kubernetesVersion,
  linkerFlags,
  NoControlPlane,
  type Report,
} from './components.ts';
import { isExecutable } from './files.ts';
import { findGo } from './go-toolchain.ts';
import { reportEvery } from './progress.ts';

const modulesFolder = fileURLToPath(new URL('.', import.meta.url));

/** `$XDG_CACHE_HOME/countersign/control-plane`, else the same under `~/.cache`. */
function cacheRoot(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'countersign', 'control-plane');
}

/** The cache folder of exactly these sources: another go.mod or go.sum is another folder. */
export async function cacheFolder(env: NodeJS.ProcessEnv): Promise<string> {
  const hash = createHash('sha256').update(`${linkerFlags}\0${process.platform}-${process.arch}\0`);
  for (const module of ['kubernetes', 'kwok']) {
    for (const file of ['go.mod', 'go.sum'])
      hash.update(await readFile(join(modulesFolder, module, file))).update('\0');
  }
  return join(cacheRoot(env), `${kubernetesVersion}-${hash.digest('hex').slice(0, 16)}`);
}

/** Paths in a folder of programs, or undefined when one is missing: a cache folder is whole or it is nothing. */
export async function programsIn(folder: string): Promise<Record<ComponentName, string> | undefined> {
  const path = (name: ComponentName) => join(folder, name);
  for (const name of componentNames) if (!(await isExecutable(path(name)))) return undefined;
  return {
    etcd: path('etcd'),
    'kube-apiserver': path('kube-apiserver'),
    'kube-controller-manager': path('kube-controller-manager'),
    'kube-scheduler': path('kube-scheduler'),
    kwok: path('kwok'),
  };
}

/**
 * Builds all five programs into the cache folder, or waits for the process that does. The folder appears at
 * once and whole.
 * @throws NoControlPlane when there is no Go to be had, or the build fails
 */
export async function buildControlPlane(folder: string, env: NodeJS.ProcessEnv, report: Report): Promise<void> {
  const root = cacheRoot(env);
  await mkdir(root, { recursive: true, mode: 0o700 });
  await withBuildLock(folder, report, async () => {
    if (await programsIn(folder)) return;
    const go = await findGo(root, env, report);
    await removeInterrupted(folder);
    const partial = await mkdtemp(`${folder}.partial-`);
    try {
      report('building the control plane with Go; this happens once and takes 7 to 12 minutes on two cores');
      for (const [index, component] of components.entries()) {
        const stop = reportEvery(report, `building ${component.name} (${index + 1} of ${components.length})`);
        await build(go, component, partial, env).finally(stop);
      }
      await rm(folder, { recursive: true, force: true });
      await rename(partial, folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  });
}

/** What a build left that was killed; we hold the lock, so none is at work. */
async function removeInterrupted(folder: string): Promise<void> {
  const root = join(folder, '..');
  for (const name of await readdir(root)) {
    if (name.startsWith(`${basename(folder)}.partial-`)) await rm(join(root, name), { recursive: true, force: true });
  }
}

async function build(go: string, component: Component, into: string, env: NodeJS.ProcessEnv): Promise<void> {
  const output = join(into, component.name);
  const result = await execa(go, ['build', '-trimpath', '-ldflags', linkerFlags, '-o', output, component.goPackage], {
    cwd: join(modulesFolder, component.module),
    // readonly: a build never edits the committed go.mod. local: the Go that was found, never another one.
    env: { ...env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -buildvcs=false', GOTOOLCHAIN: 'local', GOWORK: 'off' },
    reject: false,
    stdin: 'ignore',
  });
  if (result.failed) {
    const said = result.stderr.split('\n').slice(-15).join('\n');
    throw new NoControlPlane(`go could not build ${component.name} (is the Go module proxy reachable?):\n${said}`);
  }
}
