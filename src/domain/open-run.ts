import type { ClusterIdentity } from './cluster.ts';
import type { Json } from './json.ts';

/**
 * Milliseconds in which the API server may still be at a request whose answer was lost: its `--request-timeout`, 60 s by default.
 * Until then nobody can have seen that it was not done.
 */
export const requestTimeout = 60_000;

/** Milliseconds more than the API server may take: a request may have been on its way that long. */
export const onTheWay = 30_000;

/** A change that policy allowed without asking anybody, so that no approval says how it ended. */
export interface OpenRun {
  readonly invocation: string;
  readonly tool: string;
  readonly cluster: ClusterIdentity;
  readonly objects: readonly string[];
  /** What is known of it, to find out by reading what became of it. Hidden values are keyed tokens. */
  readonly sent: Json;
}

/** The changes without an approval whose outcome is not known (yet), of all processes. */
export interface OpenRuns {
  /** Before it is sent. Sealed and not synced: without it only a person has to look. */
  begin(run: OpenRun): Promise<void>;
  /** How it ended; of one whose answer was lost the API server is given its time, then it is looked at. */
  end(invocation: string, how: 'known' | 'lost'): Promise<void>;
  /**
   * Those whose answer was lost, or whose process died, as soon as the API server cannot be at them any more. What is given
   * out here is this process's own to look at, and given again until its end is known.
   */
  due(): Promise<readonly DueRun[]>;
}

export interface DueRun extends OpenRun {
  /** Its process died in the middle: perhaps it was never authorized. */
  readonly died: boolean;
}
