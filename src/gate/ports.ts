import type { Approvals } from '../domain/approval.ts';
import type { AuditLog } from '../domain/audit-event.ts';
import type { AuditIds } from '../domain/audit-id.ts';
import type { Clusters } from '../domain/cluster.ts';
import type { DecisionPoint } from '../domain/decision.ts';
import type { Clock, Log, Random } from '../domain/environment.ts';
import type { MintGrant } from '../domain/grant.ts';
import type { Masker } from '../domain/masker.ts';
import type { OpenRuns } from '../domain/open-run.ts';
import type { Recorder } from '../domain/recording.ts';
import type { Keyed } from '../domain/state.ts';
import type { AnyTool } from '../domain/tool.ts';

/** Everything that the gate needs of the world. The composition root fills it. */
export interface GatePorts {
  readonly tools: readonly AnyTool[];
  readonly clusters: Clusters;
  /** The bundle in force now; asked again for each decision, so that a reload takes effect. */
  readonly policy: () => DecisionPoint;
  readonly approvals: Approvals;
  readonly audit: AuditLog;
  readonly masker: Masker;
  readonly recorder: Recorder;
  readonly runs: OpenRuns;
  readonly keyed: Keyed;
  readonly mint: MintGrant;
  readonly auditIds: (invocation: string) => AuditIds;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits: Limits;
  /** Where approvers are asked, in words: `the terminal (countersign approvals)`. */
  readonly askedIn: string;
}

export interface Limits {
  /** Calls a second and principal, with a burst of the same size. */
  readonly callsPerSecond: number;
  readonly inFlight: number;
  readonly inputBytes: number;
  /** Of what one program writes, in bytes; one that writes more is ended. */
  readonly recordedBytes: number;
}

export const defaultLimits: Limits = {
  callsPerSecond: 10,
  inFlight: 30,
  inputBytes: 1_000_000,
  recordedBytes: 100_000_000,
};
