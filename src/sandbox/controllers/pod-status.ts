import { isObject, type JsonObject, type KubeObject, listAt, stringAt } from '../json.ts';
import { timestamp } from '../object.ts';

/** The status of a pod that runs: every container started and ready. */
export function runningStatus(pod: KubeObject, now: Date, index: number): JsonObject {
  const at = timestamp(now);
  const uid = stringAt(pod.metadata, 'uid') ?? '';
  const containers = listAt(pod, 'spec', 'containers').filter(isObject);
  const condition = (type: string): JsonObject => ({ type, status: 'True', lastTransitionTime: at });
  return {
    phase: 'Running',
    conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(condition),
    hostIP: '127.0.0.1',
    podIP: `10.244.0.${(index % 250) + 2}`,
    startTime: at,
    containerStatuses: containers.map((container) => ({
      name: stringAt(container, 'name') ?? '',
      image: stringAt(container, 'image') ?? '',
      imageID: '',
      containerID: `containerd://${uid.replaceAll('-', '')}-${stringAt(container, 'name') ?? ''}`,
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: at } },
      lastState: {},
    })),
    qosClass: 'BestEffort',
  };
}
