import type { Ident, Masked } from './masked.ts';

/** One chunk of an exec session, raw, as it came off the wire. */
export interface Frame {
  readonly channel: 'stdin' | 'stdout' | 'stderr' | 'status';
  readonly bytes: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export interface RecordingHeader {
  readonly invocation: string;
  readonly planDigest: string;
  readonly agent: string;
  readonly cluster: string;
  readonly object: Ident;
  readonly container: string;
  readonly command: readonly Masked<string>[];
}

/** Masked exec sessions on disk. Cannot record: cannot run. */
export interface Recorder {
  /** @throws AuditUnavailable when it cannot be written */
  start(header: RecordingHeader): Promise<Recording>;
}

export interface Recording {
  readonly id: string;
  /** @throws AuditUnavailable; the session is then ended */
  write(channel: Frame['channel'], text: Masked<string>, time: number): Promise<void>;
  /**
   * Keeps a frame as it came, encrypted to keys whose private halves are elsewhere; undefined: nothing raw is kept.
   * @throws AuditUnavailable; the session is then ended
   */
  readonly raw?: ((frame: Frame) => Promise<void>) | undefined;
  /** Seals it; `root` is the SHA-256 of the last line of its hash chain, which the audit log records. */
  end(outcome: {
    readonly exitCode: number | undefined;
    /** Why there is no exit code. */
    readonly reason: Masked<string> | undefined;
  }): Promise<{ readonly root: string }>;
}
