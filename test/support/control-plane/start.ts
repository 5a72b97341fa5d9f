import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  apiserverArguments,
  controllerManagerArguments,
  etcdArguments,
  kwokArguments,
  type Ports,
  schedulerArguments,
} from './arguments.ts';
import { findBinaries } from './binaries.ts';
import type { Binaries, Report } from './components.ts';
import type { ControlPlane } from './control-plane.ts';
import { connectTo } from './external.ts';
import { type Prepared, prepareFolder } from './folder.ts';
import { Keeper } from './keeper-client.ts';
import { Kube, readKubeconfig } from './kube.ts';
import { nodeName, playedNode } from './kwok-config.ts';
import { freePorts } from './ports.ts';
import { waitUntil } from './wait-until.ts';

const startTimeoutMs = 120_000;
const attempts = 3;

/**
 * A control plane that is ready: somebody's own (COUNTERSIGN_TEST_KUBECONFIG), or one that is started here.
 * @throws NoControlPlane when none can be had; an Error with the log of the part that failed
 */
export async function startControlPlane(env: NodeJS.ProcessEnv, report: Report): Promise<ControlPlane> {
  if (env.COUNTERSIGN_TEST_KUBECONFIG) return connectTo(env.COUNTERSIGN_TEST_KUBECONFIG);
  const binaries = await findBinaries(env, report);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(binaries);
    } catch (error) {
      // Between our choice of a port and its use somebody else may take it.
      if (attempt === attempts || !String(error).includes('address already in use')) throw error;
    }
  }
}

async function startOnce(binaries: Binaries): Promise<ControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-control-plane-'));
  const keeper = new Keeper(folder);
  try {
    const ports = await choosePorts();
    const prepared = await prepareFolder(folder, ports);
    await startParts(binaries, keeper, ports, prepared);
    const { files, ...rest } = prepared;
    return {
      ...rest,
      kubeconfigPath: files.adminKubeconfig,
      certificateKubeconfigPath: files.certificateKubeconfig,
      caPath: files.caCert,
      auditLogPath: files.auditLog,
      has: partsOf(binaries),
      pids: Object.fromEntries(keeper.pids()),
      folder,
      stop: () => keeper.stop(),
    };
  } catch (error) {
    await keeper.stop();
    throw error;
  }
}

async function choosePorts(): Promise<Ports> {
  const [etcd = 0, etcdPeer = 0, apiserver = 0, controllerManager = 0, scheduler = 0, kwok = 0] = await freePorts(6);
  return { etcd, etcdPeer, apiserver, controllerManager, scheduler, kwok };
}

function partsOf(binaries: Binaries) {
  return {
    controllerManager: binaries['kube-controller-manager'] !== undefined,
    scheduler: binaries['kube-scheduler'] !== undefined,
    kwok: binaries.kwok !== undefined,
  };
}

async function startParts(binaries: Binaries, keeper: Keeper, ports: Ports, { files }: Prepared): Promise<void> {
  const has = partsOf(binaries);
  keeper.start({ name: 'etcd', command: binaries.etcd, args: etcdArguments(ports, keeper.folder) });
  keeper.start({
    name: 'kube-apiserver',
    command: binaries['kube-apiserver'],
    args: apiserverArguments(ports, files, has),
  });
  const kube = new Kube(await readKubeconfig(files.adminKubeconfig));
  const until = (what: string, ask: () => Promise<boolean>) =>
    waitUntil(
      what,
      () => {
        keeper.assertAlive();
        return ask();
      },
      startTimeoutMs,
    );
  await until('kube-apiserver is ready', () => isReady(kube));

  const { kwok, 'kube-controller-manager': controllerManager, 'kube-scheduler': scheduler } = binaries;
  if (controllerManager) {
    keeper.start({
      name: 'kube-controller-manager',
      command: controllerManager,
      args: controllerManagerArguments(ports, files),
    });
  }
  if (scheduler) keeper.start({ name: 'kube-scheduler', command: scheduler, args: schedulerArguments(ports, files) });
  if (kwok) {
    await kube.create('/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: nodeName, annotations: playedNode },
    });
    keeper.start({ name: 'kwok', command: kwok, args: kwokArguments(files) });
    await until('the node is ready', () => isNodeReady(kube, has.controllerManager));
  }
  if (has.controllerManager) {
    const account = '/api/v1/namespaces/default/serviceaccounts/default';
    await until('service accounts are made', async () => (await kube.get(account)) !== undefined);
  }
  await kube.close();
}

async function isReady(kube: Kube): Promise<boolean> {
  return kube.send('GET', '/readyz').then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** Ready, and (where there is somebody to take the taint away) open for pods. */
async function isNodeReady(kube: Kube, controllerManager: boolean): Promise<boolean> {
  const node = await kube.get(`/api/v1/nodes/${nodeName}`);
  const conditions: { type: string; status: string }[] = node?.status?.conditions ?? [];
  const ready = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return ready && (!controllerManager || (node?.spec?.taints ?? []).length === 0);
}
