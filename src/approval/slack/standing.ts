import type { Approval, Approvals } from '../../domain/approval.ts';
import type { Clock, Log } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';

/**
 * Which threads have been read since the last gap in what Slack tells us. After a gap an approval is caught up before anything
 * new of it is heard.
 */
export interface Open {
  /** Undefined: there is none such. */
  read(id: string): Promise<Approval | undefined>;
  /** Reads the thread first where that is due. False: it cannot be read now. */
  isCaughtUp(id: string): Promise<boolean>;
  /** Something may have been missed until now: every open approval is caught up, and tried again until it is. */
  gap(): void;
  stop(): void;
}

/** Milliseconds before threads that could not be read are read again. */
const tryAgain = 5_000;

export interface OpenParts {
  readonly approvals: Pick<Approvals, 'read' | 'list'>;
  readonly catchUp: (approval: Approval) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly tryAgain?: number;
}

export function createOpen({ approvals, catchUp, clock, log, tryAgain: wait = tryAgain }: OpenParts): Open {
  let gaps = 0;
  let gapAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const caughtUp = new Map<string, number>();
  const reading = new Map<string, Promise<boolean>>();
  const read = async (id: string): Promise<Approval | undefined> => {
    try {
      return await approvals.read(id);
    } catch (thrown) {
      if (thrown instanceof CountersignError && thrown.code === 'NotFound') return undefined;
      throw thrown;
    }
  };
  const isDue = ({ id, createdAt }: Approval): boolean => createdAt <= gapAt && caughtUp.get(id) !== gaps;
  const readThread = async (approval: Approval): Promise<boolean> => {
    const now = gaps;
    try {
      await catchUp(approval);
      caughtUp.set(approval.id, now);
      return !isDue(approval);
    } catch (thrown) {
      log.warn('the thread of an approval cannot be read', { approval: approval.id, cause: String(thrown) });
      return false;
    }
  };
  const ensure = (approval: Approval): Promise<boolean> => {
    if (!isDue(approval)) return Promise.resolve(true);
    const running = reading.get(approval.id) ?? readThread(approval).finally(() => reading.delete(approval.id));
    reading.set(approval.id, running);
    return running;
  };
  const all = async (): Promise<void> => {
    const open = await approvals.list({ open: true });
    for (const id of caughtUp.keys()) if (!open.some((each) => each.id === id)) caughtUp.delete(id);
    let left = false;
    for (const approval of open) if (!(await ensure(approval))) left = true;
    if (left) later();
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(begin, wait).unref();
  };
  const begin = (): void => {
    all().catch((thrown: unknown) => {
      log.error('open approvals cannot be caught up', { cause: String(thrown) });
      later();
    });
  };
  return {
    read,
    isCaughtUp: async (id) => {
      const approval = await read(id);
      return approval === undefined || ensure(approval);
    },
    gap: () => {
      gaps++;
      gapAt = clock.now();
      begin();
    },
    stop: () => clearTimeout(timer),
  };
}
