import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { makeUsers } from './folder.ts';
import { Kube, readKubeconfig } from './kube.ts';
import { playedNode } from './kwok-config.ts';
import { type PlainUser, plainUsers, type TestUser } from './users.ts';

const tokenSeconds = 12 * 3600;

/**
 * Somebody's own throw-away cluster: nothing is started. The users without rights are service accounts in a
 * namespace of this run, which goes at the end.
 * @throws when the cluster does not answer as an administrator's kubeconfig should
 */
export async function connectTo(kubeconfig: string): Promise<ControlPlane> {
  const kubeconfigPath = resolve(kubeconfig);
  const access = await readKubeconfig(kubeconfigPath);
  const kube = new Kube(access);
  const folder = await mkdtemp(join(tmpdir(), 'countersign-own-cluster-'));
  const caPath = join(folder, 'ca.crt');
  await writeFile(caPath, access.ca);
  const namespace = `countersign-test-users-${randomBytes(4).toString('hex')}`;
  const namespacePath = `/api/v1/namespaces/${namespace}`;
  await kube.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const accounts = new Map<PlainUser, TestUser>();
  for (const name of plainUsers) accounts.set(name, await serviceAccount(kube, namespace, name));
  return {
    kubeconfigPath,
    certificateKubeconfigPath: undefined,
    server: access.server,
    caPath,
    adminToken: access.token,
    auditLogPath: undefined,
    users: makeUsers((name) => accounts.get(name) ?? { username: name, token: '' }),
    // A whole cluster has the first two. A kubelet would pull images that the tests made up, so it is no kwok.
    has: { controllerManager: true, scheduler: true, kwok: await hasPlayedNode(kube) },
    pids: {},
    folder: undefined,
    stop: async () => {
      await kube.delete(namespacePath);
      await kube.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function hasPlayedNode(kube: Kube): Promise<boolean> {
  const nodes = await kube.get('/api/v1/nodes');
  const items: { metadata: { annotations?: Record<string, string> } }[] = nodes?.items ?? [];
  return items.some(({ metadata }) => Object.keys(playedNode).some((key) => metadata.annotations?.[key] !== undefined));
}

async function serviceAccount(kube: Kube, namespace: string, name: PlainUser): Promise<TestUser> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await kube.create(path, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: tokenSeconds },
  };
  const answer = await kube.create(`${path}/${name}/token`, request);
  return { username: `system:serviceaccount:${namespace}:${name}`, token: String(answer.status.token) };
}
