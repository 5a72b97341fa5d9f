import { createRecovery, keepRecovering, type Recovered } from '../approval/recover.ts';
import type { ApprovalDeps } from '../approval/service.ts';
import { lostResult } from '../gate/answer/lost.ts';

/** Milliseconds between two looks for claims whose process died, and for runs whose outcome can be found out. */
const recoverEvery = 5_000;

/**
 * Claims of processes that died are settled, now and while this one runs; what became of runs is found out by reading, where
 * that is possible; and calls without an outcome are reported, in the audit log too. Returns how to stop.
 */
export function startRecovering(
  deps: ApprovalDeps,
  findOut: (signal: AbortSignal) => Promise<void>,
  tellLost: (signal: AbortSignal) => Promise<void>,
): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const wasAuthorized = async (approval: string): Promise<boolean> =>
    (await deps.auditReader.openIntents()).some((intent) => intent.approval === approval);
  const recover = createRecovery({ ...deps, wasAuthorized, lostResult, signal });
  const again = async (): Promise<readonly Recovered[]> => {
    try {
      return await recover();
    } finally {
      await findOut(signal);
    }
  };
  const told = (settled: readonly Recovered[]): void => {
    for (const { approval, invocation, state } of settled)
      deps.log.warn('an approval was claimed by a process that died', { approval, invocation, state });
  };
  const first = atStart(deps, again, told)
    .then(() => tellLost(signal))
    .catch((thrown: unknown) =>
      deps.log.error('what earlier processes left open could not be looked at', { cause: String(thrown) }),
    );
  const stop = keepRecovering(again, recoverEvery, told, deps.log);
  return async () => {
    stopping.abort();
    await Promise.all([first, stop()]);
  };
}

async function atStart(
  deps: ApprovalDeps,
  again: () => Promise<readonly Recovered[]>,
  told: (settled: readonly Recovered[]) => void,
): Promise<void> {
  const intents = await deps.auditReader.openIntents();
  told(await again());
  for (const { invocation, approval } of intents)
    deps.log.warn('a call was authorized and has no outcome in the log yet: read the objects it names', {
      invocation,
      approval,
    });
}
