/** Why a checkpoint was made. */
export type CheckpointCause = 'vote' | 'lines' | 'time' | 'rotation' | 'stop' | 'thread';

/**
 * Signed statements where every chain of the audit log stands, for places that who can change the log cannot change. What a note
 * names can later be neither changed nor cut off without its showing.
 */
export interface Checkpoints {
  /**
   * A note about everything that is durable now, as text of the C2SP signed-note format (https://c2sp.org/signed-note).
   * @throws Unavailable when it cannot be signed or recorded
   */
  now(because: CheckpointCause): Promise<string>;
  /** Why checkpoints do not get where they should, for readiness; undefined: they do. */
  fault(): string | undefined;
  /** One last checkpoint, if anything was written since the last one; waits a moment for the sinks. */
  close(): Promise<void>;
}
