import type { PlanningHandle } from '../../domain/cluster.ts';
import type { ObjectEffect } from '../../domain/effect.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { MaskScope } from '../../domain/masker.ts';
import type { Path } from '../../domain/path.ts';
import type { PlannedRequest } from '../../domain/request.ts';
import type { RequestDraft } from '../../domain/tool.ts';
import type { Gate, Pin } from '../gate.ts';

/** A draft with what the cluster says: the request as it will be sent, and what it changes. */
export interface Completed {
  readonly request: PlannedRequest;
  /** Undefined for reads. */
  readonly effect?: ObjectEffect;
  /** Leaves of the request's body that enter digests keyed. */
  readonly sensitive: readonly Path[];
  readonly manifestDigest?: string;
  /** What facts are derived from, in digest form and for no longer: the object now, as the dry-run has it, and as submitted. */
  readonly before?: JsonObject | undefined;
  readonly after?: JsonObject;
  readonly body?: JsonObject;
  /** The pod that a program runs in or whose log is read, raw: the mask asks it what it can reach. */
  readonly pod?: JsonObject;
}

/** What completing may use: the guarded handle for what people are shown, the bare one for counts and preconditions. */
export interface Completing {
  readonly gate: Gate;
  readonly planning: PlanningHandle;
  readonly bare: PlanningHandle;
  /** All drafts of the call: some make the namespace or the kind that another needs. */
  readonly all: readonly RequestDraft[];
  /** What a selector meant when the plan was approved: one of several that is gone by now is left out, not missed. */
  readonly pinned: readonly Pin[] | undefined;
  readonly scopes: Promise<Scopes>;
}

/** Of a change, by namespace: what is to be hidden in what stands there now. */
export type Scopes = ReadonlyMap<string | undefined, MaskScope>;
