import type { Approvals } from '../domain/approval.ts';
import type { Log } from '../domain/environment.ts';

/** Which results were handed out. */
export interface Answered {
  /** The answer with this result is on its way. */
  mark(approval: string): void;
  /** When everything that was marked is on disk. */
  marked(): Promise<void>;
}

/**
 * A result counts as seen only after its answer left this tick: of a process that is killed before, the identical call gets
 * the result again.
 */
export function createAnswered({ approvals, log }: { approvals: Approvals; log: Log }): Answered {
  const marking = new Set<Promise<void>>();
  const write = async (approval: string): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    await approvals.seen(approval);
  };
  return {
    mark: (approval) => {
      const mark = write(approval)
        .catch((thrown: unknown) =>
          log.warn('that a result was seen could not be kept: it may be given twice', {
            approval,
            cause: String(thrown),
          }),
        )
        .finally(() => marking.delete(mark));
      marking.add(mark);
    },
    marked: async () => void (await Promise.all(marking)),
  };
}
