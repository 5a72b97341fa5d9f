import { isObject, type Json, type KubeObject, listAt, numberAt, objectAt, stringAt, valueAt } from './json.ts';
import { isTerminating, nameOf } from './object.ts';

export interface Column {
  readonly name: string;
  readonly priority: number;
  readonly cell: (object: KubeObject, now: Date) => Json;
}

const column = (name: string, cell: Column['cell'], priority = 0): Column => ({
  name,
  priority,
  cell,
});

/** A duration as kubectl prints ages (`45s`, `5m10s`, `3h`, `2d`). */
function humanDuration(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.floor(seconds))}s`;
  const minutes = Math.floor(seconds / 60);
  const part = (rest: number, unit: string): string => (rest === 0 ? '' : `${rest}${unit}`);
  if (minutes < 10) return `${minutes}m${part(Math.floor(seconds % 60), 's')}`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return `${hours}h${part(minutes % 60, 'm')}`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return `${days}d${part(hours % 24, 'h')}`;
  return days < 730 ? `${days}d` : `${Math.floor(days / 365)}y${part(Math.floor(days % 365), 'd')}`;
}

export const since = (time: string | undefined, now: Date): string =>
  time === undefined ? '<unknown>' : humanDuration((now.getTime() - Date.parse(time)) / 1000);

const name = column('Name', (object) => nameOf(object));
const age = column('Age', (object, now) => since(stringAt(object.metadata, 'creationTimestamp'), now));

const number =
  (...path: string[]): Column['cell'] =>
  (object) =>
    numberAt(object, ...path) ?? 0;
const text =
  (...path: string[]): Column['cell'] =>
  (object) =>
    stringAt(object, ...path) ?? '<none>';
const count =
  (...path: string[]): Column['cell'] =>
  (object) =>
    Object.keys(objectAt(object, ...path)).length;

const containers = (...path: string[]): Column[] => [
  column(
    'Containers',
    (object) =>
      listAt(object, ...path)
        .map((each) => stringAt(each, 'name'))
        .join(','),
    1,
  ),
  column(
    'Images',
    (object) =>
      listAt(object, ...path)
        .map((each) => stringAt(each, 'image'))
        .join(','),
    1,
  ),
];
const template = ['spec', 'template', 'spec', 'containers'];
const selector = column(
  'Selector',
  (object) => {
    const labels = Object.entries(objectAt(object, 'spec', 'selector', 'matchLabels'));
    return labels.map(([key, value]) => `${key}=${value}`).join(',') || '<none>';
  },
  1,
);

const readyContainers: Column['cell'] = (pod) => {
  const ready = listAt(pod, 'status', 'containerStatuses').filter((each) => valueAt(each, 'ready') === true).length;
  return `${ready}/${listAt(pod, 'spec', 'containers').length}`;
};
const restarts: Column['cell'] = (pod) =>
  String(
    listAt(pod, 'status', 'containerStatuses').reduce<number>(
      (sum, each) => sum + (numberAt(each, 'restartCount') ?? 0),
      0,
    ),
  );
const podPhase: Column['cell'] = (pod) =>
  isTerminating(pod) ? 'Terminating' : (stringAt(pod, 'status', 'phase') ?? 'Pending');
const readyOf =
  (...wanted: string[]): Column['cell'] =>
  (object) =>
    `${numberAt(object, 'status', 'readyReplicas') ?? 0}/${numberAt(object, ...wanted) ?? 0}`;
const ports: Column['cell'] = (service) =>
  listAt(service, 'spec', 'ports')
    .map(
      (port) =>
        `${numberAt(port, 'port')}${isObject(port) && port.nodePort ? `:${port.nodePort}` : ''}/${stringAt(port, 'protocol')}`,
    )
    .join(',') || '<none>';

const workload = (): Column[] => [...containers(...template), selector];

const tables: Readonly<Record<string, Column[]>> = {
  'pods.': [
    name,
    column('Ready', readyContainers),
    column('Status', podPhase),
    column('Restarts', restarts),
    age,
    column('IP', text('status', 'podIP'), 1),
    column('Node', text('spec', 'nodeName'), 1),
  ],
  'deployments.apps': [
    name,
    column('Ready', readyOf('spec', 'replicas')),
    column('Up-to-date', number('status', 'updatedReplicas')),
    column('Available', number('status', 'availableReplicas')),
    age,
    ...workload(),
  ],
  'replicasets.apps': [
    name,
    column('Desired', number('spec', 'replicas')),
    column('Current', number('status', 'replicas')),
    column('Ready', number('status', 'readyReplicas')),
    age,
    ...workload(),
  ],
  'statefulsets.apps': [name, column('Ready', readyOf('spec', 'replicas')), age, ...containers(...template)],
  'services.': [
    name,
    column('Type', text('spec', 'type')),
    column('Cluster-IP', text('spec', 'clusterIP')),
    column('External-IP', () => '<none>'),
    column('Port(s)', ports),
    age,
  ],
  'secrets.': [name, column('Type', text('type')), column('Data', count('data')), age],
  'configmaps.': [name, column('Data', count('data')), age],
  'namespaces.': [name, column('Status', text('status', 'phase')), age],
  'nodes.': [
    name,
    column('Status', () => 'Ready'),
    age,
    column('Version', text('status', 'nodeInfo', 'kubeletVersion')),
  ],
  'events.': [
    column('Last Seen', (event, now) => since(stringAt(event, 'lastTimestamp'), now)),
    column('Type', text('type')),
    column('Reason', text('reason')),
    column(
      'Object',
      (event) =>
        `${stringAt(event, 'involvedObject', 'kind')?.toLowerCase()}/${stringAt(event, 'involvedObject', 'name')}`,
    ),
    column('Message', text('message')),
    column('Name', (event) => nameOf(event), 1),
  ],
  'customresourcedefinitions.apiextensions.k8s.io': [
    name,
    column('Created At', (object) => stringAt(object.metadata, 'creationTimestamp') ?? ''),
  ],
};

/** The columns of a built-in resource, like kubectl's for the common ones. */
export const columnsOf = (resource: string, group: string): readonly Column[] =>
  tables[`${resource}.${resource === 'events' ? '' : group}`] ?? [name, age];
