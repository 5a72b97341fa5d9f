import type { ClusterSource } from './compose/cluster-source.ts';
import type { Identity } from './compose/identity.ts';
import type { Config } from './config.ts';
import type { Approvals, PeopleRegistry } from './domain/approval.ts';
import type { AuditLog } from './domain/audit-event.ts';
import type { Checkpoints } from './domain/checkpoint.ts';
import type { Log } from './domain/environment.ts';
import type { HttpRoute } from './domain/http-route.ts';
import type { Invoke } from './domain/invocation.ts';
import type { Masker } from './domain/masker.ts';
import type { Metrics } from './domain/metrics.ts';
import type { State } from './domain/state.ts';
import type { PolicySource } from './policy/source.ts';

/** What the composition root makes of a configuration. */
export interface Composition {
  readonly invoke: Invoke;
  readonly approvals: Approvals;
  readonly audit: AuditLog;
  readonly state: State;
  readonly people: PeopleRegistry;
  /** What comes in by HTTP besides MCP, where there is a listener: signed requests of Slack. */
  readonly routes: readonly HttpRoute[];
  /** Who is at the other end of this process. @throws Unauthorized */
  readonly localUser: () => string;
  /** Tokens, sessions and suspensions. */
  readonly identity: Identity;
  readonly policy: PolicySource;
  readonly clusters: ClusterSource;
  readonly masker: Masker;
  readonly checkpoints: Checkpoints;
  close(): Promise<void>;
}

export interface ComposeOptions {
  /** Use the in-memory sandbox, its bundle and its people instead of what the configuration says about them. */
  readonly sandbox: boolean;
  /** A server: it writes down that it started and settles what dead processes left. A command does neither. */
  readonly serves: boolean;
  /** Whether agents come over the network, as other users than the one of this process. */
  readonly remote?: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Only where somebody can look at them. */
  readonly metrics?: Metrics;
}

/** @throws CountersignError when the state directory or the audit log cannot be used; a cluster that is down is no reason */
export type Compose = (config: Config, options: ComposeOptions) => Promise<Composition>;
