import { join } from 'node:path';
import { buildControlPlane, cacheFolder, programsIn } from './build.ts';
import { type Binaries, type ComponentName, NoControlPlane, type Report } from './components.ts';
import { isExecutable } from './files.ts';

/** What a folder of setup-envtest may lack; the rest of the suites then say what they miss. */
const optional: readonly ComponentName[] = ['kube-controller-manager', 'kube-scheduler', 'kwok'];

/**
 * The control plane's programs: KUBEBUILDER_ASSETS, else the cache, else a build with Go.
 * @throws NoControlPlane with what to install, when none of these can be had
 */
export async function findBinaries(env: NodeJS.ProcessEnv, report: Report): Promise<Binaries> {
  if (env.KUBEBUILDER_ASSETS) return assets(env.KUBEBUILDER_ASSETS);
  const folder = await cacheFolder(env);
  const cached = await programsIn(folder);
  if (cached) return cached;
  await buildControlPlane(folder, env, report);
  const built = await programsIn(folder);
  if (!built) throw new NoControlPlane(`the build left no programs in ${folder}: remove that folder and run again`);
  return built;
}

async function assets(folder: string): Promise<Binaries> {
  const etcd = join(folder, 'etcd');
  const apiserver = join(folder, 'kube-apiserver');
  for (const path of [etcd, apiserver]) {
    if (await isExecutable(path)) continue;
    throw new NoControlPlane(
      `KUBEBUILDER_ASSETS is set, but there is no ${path}: fill the folder (setup-envtest use), or unset it`,
    );
  }
  const found: Partial<Record<ComponentName, string>> = {};
  for (const name of optional) {
    const path = join(folder, name);
    if (await isExecutable(path)) found[name] = path;
  }
  return { ...found, etcd, 'kube-apiserver': apiserver };
}
