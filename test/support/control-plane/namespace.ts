import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { atEnd } from '../at-end.ts';
import type { ControlPlaneInfo } from './control-plane.ts';
import type {} from './global-setup.ts';
import { Kube, readKubeconfig } from './kube.ts';
import { waitUntil } from './wait-until.ts';

/**
 * The cluster of this run. Call it in a hook or a test, not while the file is read: with
 * COUNTERSIGN_TEST_CLUSTER=off files are read to count their tests, and there is no cluster.
 */
export function controlPlane(): ControlPlaneInfo {
  // Typed as always there, because of the declaration that vitest asks for; outside the project it is not.
  const info: ControlPlaneInfo | undefined = inject('controlPlane');
  if (info) return info;
  throw new Error(
    'No control plane here: cluster tests live in test/cluster, test/e2e, or test/contract/**/*.cluster.test.ts',
  );
}

/** An administrator's client of the tests' own. */
export async function testKube(): Promise<Kube> {
  return new Kube(await readKubeconfig(controlPlane().kubeconfigPath));
}

/** @throws naming what this cluster lacks; a machine with less than a whole control plane fails, it does not pass */
export function needs(...parts: (keyof ControlPlaneInfo['has'])[]): void {
  const missing = parts.filter((part) => !controlPlane().has[part]);
  if (missing.length === 0) return;
  throw new Error(
    `This suite needs ${missing.join(', ')}, which this cluster does not have. Put kube-controller-manager, ` +
      'kube-scheduler and kwok into KUBEBUILDER_ASSETS, or unset it and COUNTERSIGN_TEST_KUBECONFIG: all are built then.',
  );
}

/**
 * A namespace of the calling file's own, ready for pods; deleted, without waiting, when the file is done.
 * Call it in beforeAll. It says that it is not production, where rules ask for more people, unless `labels` says otherwise.
 */
export async function testNamespace(labels: Record<string, string> = {}): Promise<string> {
  const kube = await testKube();
  const name = `test-${randomBytes(5).toString('hex')}`;
  const path = `/api/v1/namespaces/${name}`;
  atEnd(async () => {
    await kube.delete(path);
    await kube.close();
  });
  await kube.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'countersign.dev/environment': 'staging', ...labels } },
  });
  if (controlPlane().has.controllerManager) {
    const account = `${path}/serviceaccounts/default`;
    await waitUntil(`namespace ${name} has its service account`, () => kube.get(account));
  }
  return name;
}
