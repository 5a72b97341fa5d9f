import type { Composition } from '../composition.ts';
import { toCountersignError } from '../domain/errors.ts';
import type { Part } from '../transport/http/health.ts';

/** Milliseconds that a part has to answer; orchestrators ask often and give up soon. */
const within = 3_000;

/** What must work for calls to go through. It names parts and codes, no hosts and nothing of the cluster. */
export const readinessParts = ({ audit, checkpoints, policy, clusters }: Composition): readonly Part[] => [
  { name: 'audit', check: () => (audit.healthy ? undefined : 'the audit log cannot be written') },
  { name: 'checkpoints', check: () => checkpoints.fault() },
  { name: 'policy', check: () => (policy.fault() === undefined ? undefined : 'the policy folder has a fault') },
  { name: 'cluster', check: () => soon(clusters.all()) },
];

async function soon(opening: Promise<unknown>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('it does not answer'), within);
  });
  const answer = opening.then(
    () => undefined,
    (thrown: unknown) => `it cannot be used (${toCountersignError(thrown).code})`,
  );
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
