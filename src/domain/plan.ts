import type { ClusterIdentity } from './cluster.ts';
import type { ObjectEffect } from './effect.ts';
import type { Facts } from './facts/facts.ts';
import type { Principal } from './principal.ts';
import type { PlannedRequest } from './request.ts';

/** Everything that will be done, before anything is done. */
export interface Plan {
  readonly cluster: ClusterIdentity;
  readonly principal: Principal;
  readonly tool: string;
  readonly requests: readonly PlannedRequest[];
  /** One for each mutating request, in order; empty for reads. */
  readonly effects: readonly ObjectEffect[];
  readonly facts: Facts;
  /** `sha256:<hex>`; what an approval is bound to. */
  readonly planDigest: string;
  /** One for each pasted manifest, in order: what a person greps for. */
  readonly manifestDigests: readonly string[];
  /** What the agent should be told about its input: server-managed fields that were taken out, documents skipped. */
  readonly notes: readonly string[];
}
