import type { Approval } from '../domain/approval.ts';
import type { Cluster } from '../domain/cluster.ts';
import type { Decision, Target } from '../domain/decision.ts';
import type { CountersignError } from '../domain/errors.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import type { Plan } from '../domain/plan.ts';
import type { Principal } from '../domain/principal.ts';
import type { ListRequest } from '../domain/request.ts';
import type { ObjectRef } from '../domain/resource.ts';
import type { Tool } from '../domain/tool.ts';
import type { Answered } from './answered.ts';
import type { MaskHits } from './mask-hits.ts';
import type { GatePorts } from './ports.ts';

/** The ports and what the gate itself keeps between calls. */
export interface Gate extends GatePorts {
  readonly cursors: Cursors;
  readonly answered: Answered;
  readonly hits: MaskHits;
  /** Calls that wait for people and do nothing meanwhile. */
  readonly held: { calls: number };
}

/** Continue tokens of an API server behind short names, for one principal, one cluster and five minutes. */
export interface Cursors {
  keep(principal: Principal, cluster: string, request: ListRequest, continueToken: string, view: Json): string;
  /** @throws Invalid for one that is unknown, too old, somebody else's, or of another cluster */
  find(principal: Principal, cluster: string, id: string): { readonly request: ListRequest; readonly view: Json };
}

/** A call whose plan is drafted: everything the next stages need. */
export interface Prepared {
  readonly tool: Tool;
  readonly input: JsonObject;
  readonly cluster: Cluster;
  readonly plan: Plan;
  /** One digest a request, in order: at the claim a delete may be a subset of what was approved. */
  readonly objectDigests: readonly string[];
  readonly view: Json;
  readonly targets: readonly Target[];
  /** Of the pods whose output is shown, raw, by `objectId`: what they can reach is to be masked. */
  readonly pods: ReadonlyMap<string, JsonObject>;
  readonly callDigest: string;
  /** What a selector meant when the plan was made. */
  readonly pinned: readonly Pin[];
  /** Drafts the same call again, for a claim or after a lost race. */
  again(): Promise<Prepared>;
  /** Undefined where this caller may not get namespaces. */
  namespaceExists(namespace: string): Promise<boolean | undefined>;
  /** The answer for an object that is not there, with the near names that this caller may list. */
  missing(object: ObjectRef): Promise<CountersignError>;
}

/** A plan that may run: allowed by policy alone, or with the approval that was claimed for it. */
export interface Ready {
  readonly prepared: Prepared;
  readonly approval: Approval | undefined;
  /** As the decision that lets it run says. */
  readonly masking: Decision['masking'];
  /** Of the tokens that stand for hidden values in the plan; of an approved one. */
  readonly keyId?: string;
}

/** An object that was named by a selector: approved by name and uid. */
export interface Pin {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string;
}
