import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../domain/environment.ts';
import { invalid } from '../domain/errors.ts';
import type { ClusterConfig, EksClusterConfig } from './config.ts';
import type { Connection } from './connection.ts';
import { fixedToken, tokenFile } from './credentials.ts';
import { readKubeconfig } from './kubeconfig.ts';

export interface PodEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Where kubelet puts the service account of a pod. */
  readonly serviceAccountFolder: string;
}

const thisPod: PodEnvironment = {
  variables: process.env,
  serviceAccountFolder: '/var/run/secrets/kubernetes.io/serviceaccount',
};

/** Reads files, sends nothing. @throws Invalid with what to change in the configuration */
export function connectionFor(
  config: Exclude<ClusterConfig, EksClusterConfig>,
  clock: Clock,
  pod: PodEnvironment = thisPod,
): Connection {
  if ('kubeconfig' in config) return readKubeconfig(config, clock);
  if ('inCluster' in config) return inCluster(clock, pod);
  const url = new URL(config.sandbox.url);
  return {
    origin: url.origin,
    host: url.host,
    basePath: '',
    tls: undefined,
    credentials: fixedToken(config.sandbox.token),
    namespace: undefined,
  };
}

/** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
function inCluster(clock: Clock, pod: PodEnvironment): Connection {
  const host = pod.variables.KUBERNETES_SERVICE_HOST;
  const port = pod.variables.KUBERNETES_SERVICE_PORT ?? '443';
  if (host === undefined || host === '') {
    throw invalid('inCluster is configured, but this process does not run in a pod', 'configure a kubeconfig instead');
  }
  const read = (file: string): string | undefined => {
    try {
      return readFileSync(join(pod.serviceAccountFolder, file), 'utf8');
    } catch {
      return undefined;
    }
  };
  const ca = read('ca.crt');
  if (ca === undefined || read('token') === undefined) {
    throw invalid(
      'inCluster is configured, but this pod has no service account mounted',
      'set automountServiceAccountToken, or configure a kubeconfig',
    );
  }
  const url = new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`);
  return {
    origin: url.origin,
    host: url.host,
    basePath: '',
    tls: { ca, cert: undefined, key: undefined, servername: undefined },
    credentials: tokenFile(join(pod.serviceAccountFolder, 'token'), clock),
    namespace: read('namespace')?.trim(),
  };
}
