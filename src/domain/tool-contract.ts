import type { z } from 'zod';
import type { PlanningHandle } from './cluster.ts';
import type { Target } from './decision.ts';
import type { Json, JsonObject } from './json.ts';
import type { Masked } from './masked.ts';
import type { Status } from './outcome.ts';
import type { Plan } from './plan.ts';
import type { Access, GetRequest, ListRequest } from './request.ts';
import type { ObjectRef } from './resource.ts';

/** What a tool wants; the gate reads the cluster and makes planned requests with effect and preconditions of it. */
export type RequestDraft = GetRequest | ListRequest | ApplyDraft | DeleteDraft | ScaleDraft | ExecDraft;
export interface ApplyDraft {
  readonly action: 'apply';
  readonly object: ObjectRef;
  /** Parsed and cleaned, as `parseManifest` returns it. */
  readonly manifest: JsonObject;
  readonly forceConflicts: boolean;
  readonly prune: boolean;
}
export interface DeleteDraft {
  readonly action: 'delete';
  readonly object: ObjectRef;
  readonly propagationPolicy: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}
export interface ScaleDraft {
  readonly action: 'scale';
  readonly object: ObjectRef;
  readonly replicas: number;
  readonly currentReplicas?: number;
}
export interface ExecDraft {
  readonly action: 'exec';
  readonly object: ObjectRef;
  readonly container?: string;
  readonly command: readonly string[];
  readonly stdin?: string;
  readonly timeoutSeconds: number;
}

export interface Drafted<View extends Json = Json> {
  readonly requests: readonly RequestDraft[];
  /** How to present the answer (format, fields): the one thing of the input that `run` sees. */
  readonly view?: View;
  /** What the agent should be told about its input. */
  readonly notes?: readonly string[];
}

/** What planning offers to a tool: reads, and the cursors of earlier answers. */
export interface ToolPlanning extends PlanningHandle {
  /** The list request behind a cursor that this principal got within 5 minutes. @throws Invalid */
  cursor(id: string): { readonly request: ListRequest; readonly view: Json };
  /** What a selector meant when the plan was approved: at the claim it is not asked again. */
  readonly pinned?: readonly { readonly namespace: string | undefined; readonly name: string; readonly uid: string }[];
}

export interface MaskedResponse {
  readonly body: Masked<Json>;
  /** Paths that were hidden. */
  readonly masked: readonly string[];
  readonly warnings: readonly Masked<string>[];
}

/** The cluster as `run` has it: granted requests in, masked answers out. */
export interface ToolCluster {
  readonly name: string;
  send(request: GetRequest | ListRequest): Promise<MaskedResponse>;
  /** Keeps an API continue token for this principal, 5 minutes; returns the short cursor. */
  keepCursor(request: ListRequest, continueToken: string, view: Json): string;
  /** Whether the namespace is there; undefined where this caller may not know. */
  namespaceExists(namespace: string): Promise<boolean | undefined>;
  /** Every mutating request of the plan in order, until one fails; says of each: done, failed, not attempted. */
  sendAll(plan: Plan): Promise<ToolAnswer>;
}

export interface ToolAnswer {
  /** Default `ok` for reads. */
  readonly status?: Status;
  readonly message: Masked<string>;
  readonly next?: Masked<string>;
  readonly data: Masked<JsonObject>;
  readonly text?: Masked<string>;
}

/** RBAC words; annotations, docs and policy facts derive from them. */
type ToolAccess = Access & {
  readonly mutates: boolean;
  readonly destructive: boolean;
  readonly idempotent: boolean;
};

export interface Tool<Input = unknown, View extends Json = Json> {
  readonly kind: 'tool';
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly access: ToolAccess;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType;
  /** What the call itself says about its targets, for the first pass; undefined members are not known yet. */
  readonly targets: (input: Input, defaultNamespace: string) => readonly Target[];
  readonly plan: (input: Input, planning: ToolPlanning) => Promise<Drafted<View>>;
  readonly run: (plan: Plan, cluster: ToolCluster, view: View) => Promise<ToolAnswer>;
}

/** A tool for the caller's own approvals: no cluster request of its own. */
export interface Control<Input = unknown> {
  readonly kind: 'control';
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly access: { readonly mutates: false; readonly destructive: false; readonly idempotent: true };
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType;
  readonly command: (input: Input) => ControlCommand;
}
export type ControlCommand =
  | { readonly action: 'list' }
  | { readonly action: 'wait' | 'status' | 'withdraw'; readonly id: string; readonly timeoutSeconds: number };

// biome-ignore lint/suspicious/noExplicitAny: a table of tools with different inputs; each checks its own by its schema
export type AnyTool = Tool<any, any> | Control<any>;
