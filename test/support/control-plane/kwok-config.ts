import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { encodings } from '../../masking/encodings.ts';

const simulation = new URL('./kwok/simulation.yaml', import.meta.url);

/** In every pod's log, in every encoding. It is a secret where a Secret holds it. */
export const loggedCanary = 'Kx7-logged-Hb4Tn8-qWe9';

/** The lines that every pod's log has; tests may look for them. */
export const podLogLines: readonly string[] = [
  'a first line',
  'a line with a secret-looking word: hunter2',
  ...Object.values(encodings).flatMap((encode) => `it is ${encode(loggedCanary)} here`.split('\n')),
  'a last line',
];

/** The same in the format that a container runtime writes, which kwok reads. */
export const podLogFile = podLogLines
  .map((line, i) => `2026-01-01T00:00:${String(i).padStart(2, '0')}.000000000Z stdout F ${line}\n`)
  .join('');

/** One node's name; kwok manages every node that there is. */
export const nodeName = 'countersign-test-node';

/** How kwok's users mark a node that is played; on somebody's own cluster it is what we look for. */
export const playedNode = { 'kwok.x-k8s.io/node': 'fake' } as const;

/** kwok's whole configuration: its options, what it plays, and the log that every pod has. */
export function kwokConfiguration(port: number, logsPath: string): string {
  const options = {
    kind: 'KwokConfiguration',
    apiVersion: 'config.kwok.x-k8s.io/v1alpha1',
    options: {
      manageAllNodes: true,
      nodeIP: '127.0.0.1',
      nodePort: port,
      serverAddress: `127.0.0.1:${port}`,
      cidr: '10.244.0.0/16',
      enableDebuggingHandlers: true,
      // Zero without a value, and then it exits or does nothing.
      podPlayStageParallelism: 4,
      nodePlayStageParallelism: 4,
      nodeLeaseParallelism: 4,
      nodeLeaseDurationSeconds: 40,
    },
  };
  const logs = {
    kind: 'ClusterLogs',
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    metadata: { name: 'every-pod' },
    spec: { logs: [{ logsFile: logsPath }] },
  };
  return [stringify(options), stringify(logs), readFileSync(simulation, 'utf8')].join('---\n');
}
