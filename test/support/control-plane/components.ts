/** The five programs of the tests' control plane, and the Go packages they are built from. */
export const kubernetesVersion = 'v1.36.3';

export const componentNames = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const;
export type ComponentName = (typeof componentNames)[number];

/** Where a component's Go package is, and the folder (beside this file) of the Go module that pins it. */
export interface Component {
  readonly name: ComponentName;
  readonly module: 'kubernetes' | 'kwok';
  readonly goPackage: string;
}

export const components: readonly Component[] = [
  { name: 'etcd', module: 'kubernetes', goPackage: 'go.etcd.io/etcd/server/v3' },
  { name: 'kube-apiserver', module: 'kubernetes', goPackage: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  {
    name: 'kube-controller-manager',
    module: 'kubernetes',
    goPackage: 'k8s.io/kubernetes/cmd/kube-controller-manager',
  },
  { name: 'kube-scheduler', module: 'kubernetes', goPackage: 'k8s.io/kubernetes/cmd/kube-scheduler' },
  { name: 'kwok', module: 'kwok', goPackage: 'sigs.k8s.io/kwok/cmd/kwok' },
];

const versionPackage = 'k8s.io/component-base/version';
const [major, minor] = kubernetesVersion.slice(1).split('.');

/** Without these the API server has no version that a client can use. */
export const linkerFlags = [
  '-s -w',
  `-X ${versionPackage}.gitVersion=${kubernetesVersion}`,
  `-X ${versionPackage}.gitMajor=${major}`,
  `-X ${versionPackage}.gitMinor=${minor}`,
].join(' ');

/** Programs by component; a machine's own collection may have only the first two. */
export type Binaries = Readonly<Partial<Record<ComponentName, string>>> & {
  readonly etcd: string;
  readonly 'kube-apiserver': string;
};

/** Says to a person what is going on; one line, no line end. */
export type Report = (line: string) => void;

/** The control plane cannot be had on this machine; the message says what to install. */
export class NoControlPlane extends Error {
  override readonly name = 'NoControlPlane';
}
