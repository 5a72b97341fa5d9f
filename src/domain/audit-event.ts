import type { AuditKey } from './audit-keys.ts';
import type { Ident, Masked } from './masked.ts';

export const auditTypes = [
  'ChainOpened',
  'Started',
  'Stopped',
  'ConfigLoaded',
  'PolicyLoaded',
  'RequestReceived',
  'Refused',
  'Planned',
  'Decided',
  'ApprovalRequested',
  'ApprovalVoted',
  'VoteWithdrawn',
  'ApprovalClaimed',
  'ApprovalClosed',
  'BreakGlassReviewed',
  'Authorized',
  'Executed',
  'Failed',
  'Unknown',
  'Answered',
  'OutcomeRead',
  'Reconciled',
  'RecordingOpened',
  'RecordingClosed',
  'RecordingDecrypted',
  'SecretsRead',
  'CallsDropped',
  'SessionStarted',
  'SessionEnded',
  'PrincipalSuspended',
  'PrincipalResumed',
  'Checkpoint',
] as const;
export type AuditType = (typeof auditTypes)[number];

export type AuditValue = Ident | number | boolean | Masked<string>;

/**
 * One event, flat: one fact, one key, the same key on every line (they are a closed set, `auditKeys`). `seq`, `time` and
 * `prev` are the log's own. Values are identifiers, numbers, or text that passed the mask.
 */
export interface AuditEvent {
  readonly type: AuditType;
  readonly invocation: string;
  readonly fields: { readonly [key in AuditKey]?: AuditValue | readonly AuditValue[] | undefined };
}

/**
 * What a call does until its line is on disk. `waits`: nothing. `plans`: it goes on, and by the time that it needs the line another
 * thread may have synced it.
 */
export type Meanwhile = 'waits' | 'plans';

export interface AuditLog {
  /**
   * Resolves when the line is on disk (group commit). `atWork`: how many calls are doing something now, this one among them. Where
   * as many wait for their lines nobody is held up by a sync in place, which is over sooner than one on another thread; without it
   * there may always be others.
   * @throws AuditUnavailable: what cannot be recorded does not run
   */
  append(event: AuditEvent, meanwhile?: Meanwhile, atWork?: number): Promise<void>;
  /** Rides the next flush, within 50 ms: for the outcome of a read. Failure turns readiness red. */
  note(event: AuditEvent): void;
  /**
   * Keeps a text that is too long for a line beside the log, named by its digest; resolves to `sha256:<hex>`, for the line that
   * speaks of it, when it is on disk. @throws AuditUnavailable
   */
  attach(text: Masked<string>): Promise<string>;
  readonly healthy: boolean;
  close(): Promise<void>;
}

/** A vote as the chain has it: a claim believes the chain, not the store. */
export interface ChainedVote {
  readonly approval: string;
  readonly person: string;
  readonly decision: 'approve' | 'deny' | 'undo';
  readonly n: number;
  readonly planDigest: string;
  readonly breakGlass?: boolean;
}

/** The type of the line that ends a run. */
export type RunEnd = 'Executed' | 'Failed' | 'Unknown' | 'Reconciled';

export interface AuditReader {
  /** All votes for one approval over all chains in the directory, links checked. @throws AuditUnavailable for a broken chain */
  votes(approval: string): Promise<readonly ChainedVote[]>;
  /** How the run of an approval ended, as its outcome line says. Undefined: it did not run, or nobody knows how it ended. */
  runOf(approval: string): Promise<RunEnd | undefined>;
  /** Invocations with an Authorized line and no outcome. */
  openIntents(): Promise<readonly { readonly invocation: string; readonly approval: string | undefined }[]>;
}
