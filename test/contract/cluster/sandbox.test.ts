import { startSandbox } from '../../../src/sandbox/server.ts';
import { Kube } from '../../support/control-plane/kube.ts';
import { clusterContract } from './suite.ts';

clusterContract('the sandbox', async () => {
  const { url, token, stop } = await startSandbox();
  const kube = new Kube({ server: url, ca: '', token, cert: undefined, key: undefined });
  return { config: { sandbox: { url, token } }, kube, stop };
});
