import type { z } from 'zod';
import type { PlanningHandle } from './cluster.ts';
import type { Target } from './decision.ts';
import type { Json, JsonObject } from './json.ts';
import type { Masked } from './masked.ts';
import type { LogLine } from './masker.ts';
import type { Status } from './outcome.ts';
import type { Plan } from './plan.ts';
import type { Access, GetRequest, ListRequest, LogsRequest } from './request.ts';
import type { ObjectRef } from './resource.ts';

/** What a tool wants; the gate reads the cluster and makes planned requests with effect and preconditions of it. */
export type RequestDraft = GetRequest | ListRequest | LogsDraft | ApplyDraft | DeleteDraft | ScaleDraft | ExecDraft;
export interface LogsDraft {
  readonly action: 'logs';
  /** The pod. */
  readonly object: ObjectRef;
  /** Omitted: the only one, or the one that the pod's annotation prefers. */
  readonly container?: string;
  readonly previous: boolean;
  readonly tailLines: number;
  readonly sinceSeconds?: number;
  /** One of several pods of a workload: if it is gone by now it is left out, not missed. */
  readonly oneOfSeveral: boolean;
}
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

/** Which lines of a log are kept: at most so many bytes as JSON has them, of the newest. */
export interface KeptLines {
  readonly wanted: (line: LogLine) => boolean;
  readonly bytes: number;
}

export interface LogTail {
  /** Oldest first. */
  readonly lines: readonly LogLine[];
  /** Lines and bytes that were wanted too, but older than what fits. */
  readonly leftLines: number;
  readonly leftBytes: number;
  /** All lines that were read, wanted or not. */
  readonly read: number;
  /** The connection ended before the log did: newer lines are missing. */
  readonly cut: boolean;
}

/** The cluster as `run` has it: granted requests in, masked answers out. */
export interface ToolCluster {
  readonly name: string;
  send(request: GetRequest | ListRequest): Promise<MaskedResponse>;
  /** Masked, then filtered: the last lines that `wanted` says yes to, and that fit. @throws MaskingUnavailable */
  logs(request: LogsRequest, keep: KeptLines): Promise<LogTail>;
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
