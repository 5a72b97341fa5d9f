import { CountersignError } from '../domain/errors.ts';
import { Hangup, type Signal } from '../domain/hangup.ts';
import type { Standing } from '../domain/standing.ts';
import type { Call } from './call.ts';

/** Milliseconds between two looks where nobody tells of a change: the end of a token, or its issuer. */
const lookEvery = 60_000;

/** What a wait listens to: the client going, and any sign that the caller may not stand any more. */
export interface StandingWatch {
  /** Aborted by either, from now on. */
  next(): Signal;
  stop(): void;
}

/** Asks before waiting again; what the signal says is only that there is something to ask. */
export function watchStanding({ invocation }: Call): StandingWatch {
  const { standing, signal } = invocation;
  return standing === undefined ? new OnlyTheClient(signal) : watchBoth(standing, signal);
}

class OnlyTheClient implements StandingWatch {
  readonly #signal: Signal;
  constructor(signal: Signal) {
    this.#signal = signal;
  }
  next(): Signal {
    return this.#signal;
  }
  stop(): void {}
}

function watchBoth(standing: Standing, signal: Signal): StandingWatch {
  let current: Hangup | undefined;
  const changed = (): void => current?.abort();
  const unwatch = standing.watch(changed);
  signal.addEventListener('abort', changed);
  return {
    next: () => {
      if (current === undefined || current.aborted) current = new Hangup();
      if (signal.aborted) current.abort();
      return current;
    },
    stop: () => {
      unwatch();
      signal.removeEventListener('abort', changed);
    },
  };
}

/**
 * Runs what stays open, such as exec, for as long as its caller stands: asked at every change and each minute. Its signal is
 * aborted with the reason. A client that only goes away ends nothing. `tool` is what runs, which `approval` may have gone on with.
 * @throws what `check` throws, and then nothing was begun; what `run` throws
 */
export async function whileStanding<T>(
  { invocation: { standing } }: Pick<Call, 'invocation'>,
  tool: string,
  run: (signal: Signal) => Promise<T>,
): Promise<T> {
  const ending = new Hangup();
  if (standing === undefined) return run(ending);
  const look = async (): Promise<void> => {
    try {
      await standing.check(tool);
    } catch (thrown) {
      ending.abort(thrown);
    }
  };
  const stop = standing.watch(() => void look());
  const timer = setInterval(() => void look(), lookEvery).unref();
  try {
    // Who fell while the lines of the log were written was told to nobody: the next look is a minute away.
    await standing.check(tool);
    return await run(ending);
  } catch (thrown) {
    // It had not begun: what kept it from that is the reason, and not that its connection was cut.
    throw ending.aborted && thrown instanceof CountersignError && thrown.code === 'Unavailable'
      ? ending.reason
      : thrown;
  } finally {
    stop();
    clearInterval(timer);
  }
}
