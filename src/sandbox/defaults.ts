import type { Json, JsonObject, KubeObject } from './json.ts';
import { ensureObject, isObject, listAt, stringAt, valueAt } from './json.ts';
import type { Kind } from './kinds.ts';

/** Sets each key that the object does not have yet. */
function fill(object: JsonObject, values: JsonObject): void {
  for (const [key, value] of Object.entries(values))
    if (object[key] === undefined) object[key] = structuredClone(value);
}

const objectsIn = (value: Json | undefined, key: string): JsonObject[] => listAt(value, key).filter(isObject);

/** The defaults that the API server fills in, for the common kinds; the object is changed. */
export function setDefaults(object: KubeObject, kind: Kind): void {
  if (kind.group === 'apps' || kind.group === 'batch') workloadDefaults(object, kind.kind);
  else if (kind.group !== '') return;
  else if (kind.kind === 'Pod') podDefaults(ensureObject(object, 'spec'), 'Always');
  else if (kind.kind === 'Service') serviceDefaults(ensureObject(object, 'spec'));
  else if (kind.kind === 'Secret') secretDefaults(object);
  else if (kind.kind === 'Namespace') namespaceDefaults(object);
}

const workloadSpecs: Readonly<Record<string, JsonObject>> = {
  Deployment: { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 },
  ReplicaSet: { replicas: 1 },
  StatefulSet: { replicas: 1, revisionHistoryLimit: 10, podManagementPolicy: 'OrderedReady' },
  DaemonSet: { revisionHistoryLimit: 10 },
  Job: { parallelism: 1, completions: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false },
  CronJob: { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 },
};

function workloadDefaults(object: KubeObject, kind: string): void {
  const spec = ensureObject(object, 'spec');
  fill(spec, workloadSpecs[kind] ?? {});
  if (kind === 'CronJob') return;
  if (kind === 'Deployment')
    strategyDefaults(ensureObject(spec, 'strategy'), { maxUnavailable: '25%', maxSurge: '25%' });
  if (kind === 'StatefulSet') strategyDefaults(ensureObject(spec, 'updateStrategy'), { partition: 0 });
  if (kind === 'DaemonSet') strategyDefaults(ensureObject(spec, 'updateStrategy'), { maxUnavailable: 1, maxSurge: 0 });
  const template = ensureObject(spec, 'template');
  ensureObject(template, 'metadata');
  if (isObject(template.spec)) podDefaults(template.spec, kind === 'Job' ? undefined : 'Always');
}

function strategyDefaults(strategy: JsonObject, rolling: JsonObject): void {
  fill(strategy, { type: 'RollingUpdate' });
  if (strategy.type === 'RollingUpdate') fill(ensureObject(strategy, 'rollingUpdate'), rolling);
}

function podDefaults(spec: JsonObject, restartPolicy: string | undefined): void {
  fill(spec, {
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
  });
  if (stringAt(spec, 'serviceAccountName')) fill(spec, { serviceAccount: stringAt(spec, 'serviceAccountName') ?? '' });
  for (const container of [...objectsIn(spec, 'containers'), ...objectsIn(spec, 'initContainers')])
    containerDefaults(container);
  for (const volume of objectsIn(spec, 'volumes'))
    for (const plugin of ['secret', 'configMap', 'projected', 'downwardAPI']) {
      const source = volume[plugin];
      if (isObject(source)) fill(source, { defaultMode: 420 });
    }
}

function containerDefaults(container: JsonObject): void {
  const image = stringAt(container, 'image') ?? '';
  const isFloating = !image.includes('@') && (!/:[^/]*$/.test(image) || image.endsWith(':latest'));
  fill(container, {
    imagePullPolicy: isFloating ? 'Always' : 'IfNotPresent',
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });
  for (const port of objectsIn(container, 'ports')) fill(port, { protocol: 'TCP' });
  for (const env of objectsIn(container, 'env')) {
    const field = valueAt(env, 'valueFrom', 'fieldRef');
    if (isObject(field)) fill(field, { apiVersion: 'v1' });
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name];
    if (!isObject(probe)) continue;
    fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
    if (isObject(probe.httpGet)) fill(probe.httpGet, { scheme: 'HTTP', path: '/' });
  }
}

function serviceDefaults(spec: JsonObject): void {
  fill(spec, {
    type: 'ClusterIP',
    sessionAffinity: 'None',
    ipFamilyPolicy: 'SingleStack',
    internalTrafficPolicy: 'Cluster',
  });
  if (spec.type !== 'ExternalName') fill(spec, { ipFamilies: ['IPv4'] });
  for (const port of objectsIn(spec, 'ports')) fill(port, { protocol: 'TCP', targetPort: port.port ?? 0 });
}

/** `stringData` is write-only: it lands, encoded, in `data`. */
function secretDefaults(object: KubeObject): void {
  fill(object, { type: 'Opaque' });
  if (!isObject(object.stringData)) return;
  const data = ensureObject(object, 'data');
  for (const [key, value] of Object.entries(object.stringData))
    if (typeof value === 'string') data[key] = Buffer.from(value).toString('base64');
  delete object.stringData;
}

function namespaceDefaults(object: KubeObject): void {
  fill(ensureObject(object, 'spec'), { finalizers: ['kubernetes'] });
  fill(ensureObject(object, 'status'), { phase: 'Active' });
  const labels = ensureObject(object.metadata, 'labels');
  labels['kubernetes.io/metadata.name'] = stringAt(object.metadata, 'name') ?? '';
}
