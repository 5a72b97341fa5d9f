import type { Schema } from './schema.ts';
import { untypedObject } from './schema.ts';
import { schemas } from './schema-kinds.ts';

/** Where a custom resource's definition keeps what `/scale` reads and writes. */
export interface ScalePaths {
  readonly specReplicas: string[];
  readonly statusReplicas: string[];
  readonly selector: string[] | undefined;
}

/** A column that a definition declares (additionalPrinterColumns). */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly priority: number;
  readonly jsonPath: string;
}

/** One resource that the sandbox serves. */
export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** `spec` changes count up `metadata.generation`. */
  readonly hasGeneration: boolean;
  /** `status` is written by controllers only. */
  readonly hasStatus: boolean;
  readonly schema: Schema;
  readonly scale: ScalePaths | undefined;
  readonly subresources: readonly string[];
  /** Of custom resources only. */
  readonly columns: readonly PrinterColumn[] | undefined;
}

export const apiVersionOf = (kind: Pick<Kind, 'group' | 'version'>): string =>
  kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;

const builtinScale: ScalePaths = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  selector: undefined,
};

/** group | version | resource | kind | short names | categories | traits: n(amespaced) g(eneration) s(tatus) c(scale) */
const table = `
|v1|configmaps|ConfigMap|cm||n
|v1|endpoints|Endpoints|ep||n
|v1|events|Event|ev||n
|v1|limitranges|LimitRange|limits||n
|v1|namespaces|Namespace|ns||s
|v1|nodes|Node|no||s
|v1|persistentvolumeclaims|PersistentVolumeClaim|pvc||ns
|v1|persistentvolumes|PersistentVolume|pv||s
|v1|pods|Pod|po|all|ngs
|v1|replicationcontrollers|ReplicationController|rc|all|ngsc
|v1|resourcequotas|ResourceQuota|quota||ns
|v1|secrets|Secret|||n
|v1|serviceaccounts|ServiceAccount|sa||n
|v1|services|Service|svc|all|ns
apps|v1|daemonsets|DaemonSet|ds|all|ngs
apps|v1|deployments|Deployment|deploy|all|ngsc
apps|v1|replicasets|ReplicaSet|rs|all|ngsc
apps|v1|statefulsets|StatefulSet|sts|all|ngsc
events.k8s.io|v1|events|Event|ev||n
autoscaling|v2|horizontalpodautoscalers|HorizontalPodAutoscaler|hpa|all|ns
batch|v1|cronjobs|CronJob|cj|all|ngs
batch|v1|jobs|Job||all|ngs
networking.k8s.io|v1|ingresses|Ingress|ing||ngs
networking.k8s.io|v1|networkpolicies|NetworkPolicy|netpol||ng
policy|v1|poddisruptionbudgets|PodDisruptionBudget|pdb||ngs
rbac.authorization.k8s.io|v1|clusterrolebindings|ClusterRoleBinding|||
rbac.authorization.k8s.io|v1|clusterroles|ClusterRole|||
rbac.authorization.k8s.io|v1|rolebindings|RoleBinding|||n
rbac.authorization.k8s.io|v1|roles|Role|||n
storage.k8s.io|v1|storageclasses|StorageClass|sc||
apiextensions.k8s.io|v1|customresourcedefinitions|CustomResourceDefinition|crd,crds|api-extensions|gs
`;

const words = (cell: string): string[] => (cell === '' ? [] : cell.split(','));

function builtin(row: string): Kind {
  const [group = '', version = '', resource = '', kind = '', short = '', categories = '', traits = ''] = row.split('|');
  const hasScale = traits.includes('c');
  return {
    group,
    version,
    resource,
    singular: kind.toLowerCase(),
    kind,
    shortNames: words(short),
    categories: words(categories),
    namespaced: traits.includes('n'),
    hasGeneration: traits.includes('g'),
    hasStatus: traits.includes('s'),
    schema: schemas[`${kind}.${group}`] ?? untypedObject,
    scale: hasScale ? builtinScale : undefined,
    subresources: [...(hasScale ? ['scale'] : []), ...(resource === 'pods' ? ['exec', 'log'] : [])],
    columns: undefined,
  };
}

const builtins: readonly Kind[] = table.trim().split('\n').map(builtin);

/** The resources that are served: the built-in ones and those that definitions have added. */
export class Kinds {
  private readonly custom = new Map<string, Kind[]>();

  all(): Kind[] {
    return [...builtins, ...[...this.custom.values()].flat()];
  }

  /** True for the groups that the server brings itself. */
  isBuiltin(group: string): boolean {
    return builtins.some((kind) => kind.group === group);
  }

  find(group: string, version: string, resource: string): Kind | undefined {
    return this.all().find((kind) => kind.group === group && kind.version === version && kind.resource === resource);
  }

  /** The storage version of a resource, whatever version was asked for. */
  byKind(apiVersion: string, name: string): Kind | undefined {
    return this.all().find((kind) => kind.kind === name && apiVersionOf(kind) === apiVersion);
  }

  /** Serves the versions of one definition instead of those that it declared before. */
  define(definition: string, kinds: Kind[]): void {
    if (kinds.length === 0) this.custom.delete(definition);
    else this.custom.set(definition, kinds);
  }
}
