import type { Schema } from './schema.ts';
import {
  atomicFree,
  atomicList,
  atomicMap,
  atomicStruct,
  bool,
  free,
  intOrString,
  listBy,
  mapOf,
  metadata,
  num,
  str,
  struct,
} from './schema.ts';

const keySelector = atomicStruct({ name: str, key: str, optional: bool });
const env = listBy(
  ['name'],
  struct({
    name: str,
    value: str,
    valueFrom: struct({
      secretKeyRef: keySelector,
      configMapKeyRef: keySelector,
      fieldRef: atomicStruct({ apiVersion: str, fieldPath: str }),
      resourceFieldRef: atomicStruct({ containerName: str, resource: str, divisor: intOrString }),
      fileKeyRef: free,
    }),
  }),
);
const reference = struct({ name: str, optional: bool });
const resources = struct({ limits: mapOf(intOrString), requests: mapOf(intOrString), claims: free });
const probe = struct({
  exec: struct({ command: atomicList(str) }),
  httpGet: struct({ path: str, port: intOrString, host: str, scheme: str, httpHeaders: atomicFree }),
  tcpSocket: struct({ port: intOrString, host: str }),
  grpc: struct({ port: num, service: str }),
  initialDelaySeconds: num,
  timeoutSeconds: num,
  periodSeconds: num,
  successThreshold: num,
  failureThreshold: num,
  terminationGracePeriodSeconds: num,
});
const securityContext = struct({
  capabilities: struct({ add: atomicList(str), drop: atomicList(str) }),
  privileged: bool,
  seLinuxOptions: free,
  windowsOptions: free,
  runAsUser: num,
  runAsGroup: num,
  runAsNonRoot: bool,
  readOnlyRootFilesystem: bool,
  allowPrivilegeEscalation: bool,
  procMount: str,
  seccompProfile: struct({ type: str, localhostProfile: str }),
  appArmorProfile: struct({ type: str, localhostProfile: str }),
});

const container = struct({
  name: str,
  image: str,
  command: atomicList(str),
  args: atomicList(str),
  workingDir: str,
  ports: listBy(
    ['containerPort', 'protocol'],
    struct({ name: str, hostPort: num, containerPort: num, protocol: str, hostIP: str }),
    { protocol: 'TCP' },
  ),
  envFrom: atomicList(struct({ prefix: str, configMapRef: reference, secretRef: reference })),
  env,
  resources,
  resizePolicy: atomicFree,
  restartPolicy: str,
  restartPolicyRules: atomicFree,
  volumeMounts: listBy(
    ['mountPath'],
    struct({
      name: str,
      readOnly: bool,
      recursiveReadOnly: str,
      mountPath: str,
      subPath: str,
      mountPropagation: str,
      subPathExpr: str,
    }),
  ),
  volumeDevices: listBy(['devicePath'], struct({ name: str, devicePath: str })),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  lifecycle: free,
  terminationMessagePath: str,
  terminationMessagePolicy: str,
  imagePullPolicy: str,
  securityContext,
  stdin: bool,
  stdinOnce: bool,
  tty: bool,
});

const items = atomicList(struct({ key: str, path: str, mode: num }));
const volumePlugins = Object.fromEntries(
  [
    'awsElasticBlockStore azureDisk azureFile cephfs cinder csi downwardAPI emptyDir ephemeral fc flexVolume flocker',
    'gcePersistentDisk gitRepo glusterfs hostPath image iscsi nfs persistentVolumeClaim photonPersistentDisk',
    'portworxVolume projected quobyte rbd scaleIO storageos vsphereVolume',
  ]
    .join(' ')
    .split(' ')
    .map((plugin): [string, Schema] => [plugin, free]),
);
const volume = struct({
  ...volumePlugins,
  name: str,
  secret: struct({ secretName: str, items, defaultMode: num, optional: bool }),
  configMap: struct({ name: str, items, defaultMode: num, optional: bool }),
});

/** core/v1 PodSpec; deeply nested parts that no test needs are untyped. */
export const podSpec: Schema = struct({
  volumes: listBy(['name'], volume),
  initContainers: listBy(['name'], container),
  containers: listBy(['name'], container),
  ephemeralContainers: listBy(['name'], free),
  restartPolicy: str,
  terminationGracePeriodSeconds: num,
  activeDeadlineSeconds: num,
  dnsPolicy: str,
  nodeSelector: atomicMap(str),
  serviceAccountName: str,
  serviceAccount: str,
  automountServiceAccountToken: bool,
  nodeName: str,
  hostNetwork: bool,
  hostPID: bool,
  hostIPC: bool,
  hostUsers: bool,
  hostnameOverride: str,
  shareProcessNamespace: bool,
  securityContext: free,
  imagePullSecrets: listBy(['name'], struct({ name: str })),
  hostname: str,
  subdomain: str,
  affinity: free,
  schedulerName: str,
  tolerations: atomicFree,
  hostAliases: listBy(['ip'], struct({ ip: str, hostnames: atomicList(str) })),
  priorityClassName: str,
  priority: num,
  dnsConfig: free,
  readinessGates: atomicFree,
  runtimeClassName: str,
  enableServiceLinks: bool,
  preemptionPolicy: str,
  overhead: mapOf(intOrString),
  topologySpreadConstraints: listBy(['topologyKey', 'whenUnsatisfiable'], free),
  setHostnameAsFQDN: bool,
  os: struct({ name: str }),
  schedulingGates: listBy(['name'], struct({ name: str })),
  resourceClaims: listBy(['name'], free),
  resources,
  workloadRef: free,
});

export const podTemplate: Schema = struct({ metadata, spec: podSpec });
