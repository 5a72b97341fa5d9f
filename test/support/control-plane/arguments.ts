import { join } from 'node:path';

/** Ports of one control plane, all on loopback. */
export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly apiserver: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  readonly kwok: number;
}

/** Paths of the files in a control plane's folder. */
export function filesIn(folder: string) {
  const at = (name: string) => join(folder, name);
  return {
    auditLog: at('audit.log'),
    auditPolicy: at('audit-policy.yaml'),
    caCert: at('ca.crt'),
    caKey: at('ca.key'),
    serverCert: at('apiserver.crt'),
    serverKey: at('apiserver.key'),
    serviceAccountKey: at('service-account.key'),
    tokens: at('tokens.csv'),
    adminKubeconfig: at('kubeconfig'),
    certificateKubeconfig: at('certificate.kubeconfig'),
    controllerManagerKubeconfig: at('controller-manager.kubeconfig'),
    schedulerKubeconfig: at('scheduler.kubeconfig'),
    kwokKubeconfig: at('kwok.kubeconfig'),
    kwokConfig: at('kwok.yaml'),
    podLog: at('pod.log'),
  };
}
export type Files = ReturnType<typeof filesIn>;

export function etcdArguments(ports: Ports, folder: string): string[] {
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  const client = `http://127.0.0.1:${ports.etcd}`;
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // A test's data need not outlive a power cut.
    '--unsafe-no-fsync',
    '--log-level=error',
  ];
}

export function apiserverArguments(ports: Ports, files: Files, has: { controllerManager: boolean }): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.apiserver}`,
    // A loopback address may not stand in the endpoints of the service "kubernetes".
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/24',
    `--tls-cert-file=${files.serverCert}`,
    `--tls-private-key-file=${files.serverKey}`,
    `--client-ca-file=${files.caCert}`,
    `--token-auth-file=${files.tokens}`,
    '--anonymous-auth=false',
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    // A line is written before the answer is sent: a test that has the answer finds the line.
    '--audit-log-mode=blocking',
    // Nobody makes service accounts then, and no pod could be created for want of one.
    ...(has.controllerManager ? [] : ['--disable-admission-plugins=ServiceAccount']),
  ];
}

export function controllerManagerArguments(ports: Ports, files: Files): string[] {
  return [
    ...clientArguments(files.controllerManagerKubeconfig, ports.controllerManager),
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--root-ca-file=${files.caCert}`,
    `--cluster-signing-cert-file=${files.caCert}`,
    `--cluster-signing-key-file=${files.caKey}`,
  ];
}

export function schedulerArguments(ports: Ports, files: Files): string[] {
  return clientArguments(files.schedulerKubeconfig, ports.scheduler);
}

export function kwokArguments(files: Files): string[] {
  return [`--kubeconfig=${files.kwokKubeconfig}`, `--config=${files.kwokConfig}`];
}

function clientArguments(kubeconfig: string, port: number): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--leader-elect=false',
  ];
}
