import { controlPlane, needs, testKube } from '../../support/control-plane/namespace.ts';
import { currentContext } from '../../support/current-context.ts';
import { clusterContract } from './suite.ts';

clusterContract('a real API server', async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  const kubeconfig = controlPlane().kubeconfigPath;
  return {
    config: { kubeconfig, context: currentContext(kubeconfig), allow: [] },
    kube: await testKube(),
    stop: async () => undefined,
  };
});
