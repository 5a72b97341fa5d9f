import type { Schema } from './schema.ts';
import {
  atomicFree,
  atomicList,
  atomicMap,
  atomicStruct,
  bool,
  bytes,
  free,
  intOrString,
  listBy,
  mapOf,
  num,
  object,
  setOf,
  str,
  struct,
} from './schema.ts';
import { podSpec, podTemplate } from './schema-pod.ts';

const labelSelector: Schema = atomicStruct({
  matchLabels: mapOf(str),
  matchExpressions: atomicList(struct({ key: str, operator: str, values: atomicList(str) })),
});
const rolling = struct({ maxSurge: intOrString, maxUnavailable: intOrString, partition: num });
const strategy = struct({ type: str, rollingUpdate: rolling });

const deployment = struct({
  replicas: num,
  selector: labelSelector,
  template: podTemplate,
  strategy,
  minReadySeconds: num,
  revisionHistoryLimit: num,
  paused: bool,
  progressDeadlineSeconds: num,
});
const replicaSet = struct({ replicas: num, minReadySeconds: num, selector: labelSelector, template: podTemplate });
const statefulSet = struct({
  replicas: num,
  selector: labelSelector,
  template: podTemplate,
  volumeClaimTemplates: atomicFree,
  serviceName: str,
  podManagementPolicy: str,
  updateStrategy: strategy,
  revisionHistoryLimit: num,
  minReadySeconds: num,
  persistentVolumeClaimRetentionPolicy: free,
  ordinals: free,
});
const daemonSet = struct({
  selector: labelSelector,
  template: podTemplate,
  updateStrategy: strategy,
  minReadySeconds: num,
  revisionHistoryLimit: num,
});
const job = struct({
  parallelism: num,
  completions: num,
  activeDeadlineSeconds: num,
  podFailurePolicy: free,
  successPolicy: free,
  backoffLimit: num,
  backoffLimitPerIndex: num,
  maxFailedIndexes: num,
  selector: labelSelector,
  manualSelector: bool,
  template: podTemplate,
  ttlSecondsAfterFinished: num,
  completionMode: str,
  suspend: bool,
  podReplacementPolicy: str,
  managedBy: str,
});
const cronJob = struct({
  schedule: str,
  timeZone: str,
  startingDeadlineSeconds: num,
  concurrencyPolicy: str,
  suspend: bool,
  jobTemplate: struct({ metadata: free, spec: job }),
  successfulJobsHistoryLimit: num,
  failedJobsHistoryLimit: num,
});
const service = struct({
  ports: listBy(
    ['port', 'protocol'],
    struct({ name: str, protocol: str, appProtocol: str, port: num, targetPort: intOrString, nodePort: num }),
    { protocol: 'TCP' },
  ),
  selector: atomicMap(str),
  clusterIP: str,
  clusterIPs: atomicList(str),
  type: str,
  externalIPs: atomicList(str),
  sessionAffinity: str,
  loadBalancerIP: str,
  loadBalancerSourceRanges: atomicList(str),
  externalName: str,
  externalTrafficPolicy: str,
  healthCheckNodePort: num,
  publishNotReadyAddresses: bool,
  sessionAffinityConfig: free,
  ipFamilies: atomicList(str),
  ipFamilyPolicy: str,
  allocateLoadBalancerNodePorts: bool,
  loadBalancerClass: str,
  internalTrafficPolicy: str,
  trafficDistribution: str,
});
const serviceAccount = {
  secrets: listBy(['name'], free),
  imagePullSecrets: atomicFree,
  automountServiceAccountToken: bool,
};

const workload = (spec: Schema): Schema => object({ spec, status: free });

/** Schemas of the kinds that the sandbox types, by `kind.group` (`Pod.`, `Deployment.apps`). */
export const schemas: Readonly<Record<string, Schema>> = {
  'Pod.': workload(podSpec),
  'Service.': workload(service),
  'ConfigMap.': object({ data: mapOf(str), binaryData: mapOf(bytes), immutable: bool }),
  'Secret.': object({ data: mapOf(bytes), stringData: mapOf(str), type: str, immutable: bool }),
  'Namespace.': workload(struct({ finalizers: setOf(str) })),
  'ServiceAccount.': object(serviceAccount),
  'ReplicationController.': workload(
    struct({ replicas: num, minReadySeconds: num, selector: atomicMap(str), template: podTemplate }),
  ),
  'Deployment.apps': workload(deployment),
  'ReplicaSet.apps': workload(replicaSet),
  'StatefulSet.apps': workload(statefulSet),
  'DaemonSet.apps': workload(daemonSet),
  'Job.batch': workload(job),
  'CronJob.batch': workload(cronJob),
  'Role.rbac.authorization.k8s.io': object({ rules: atomicFree }),
  'ClusterRole.rbac.authorization.k8s.io': object({ rules: atomicFree, aggregationRule: free }),
  'RoleBinding.rbac.authorization.k8s.io': object({ subjects: atomicFree, roleRef: atomicFree }),
  'ClusterRoleBinding.rbac.authorization.k8s.io': object({ subjects: atomicFree, roleRef: atomicFree }),
  'NetworkPolicy.networking.k8s.io': workload(
    struct({ podSelector: labelSelector, policyTypes: atomicFree, ingress: atomicFree, egress: atomicFree }),
  ),
};
