import type { Grant } from './grant.ts';
import type { Signal } from './hangup.ts';
import type { Json, JsonObject } from './json.ts';
import type { Frame } from './recording.ts';
import type { ApplyRequest, ExecRequest, LogsRequest, PlannedRequest, SendableRequest } from './request.ts';
import type { ObjectRef, ResourceType } from './resource.ts';

/** What the sandbox is called everywhere, so that nobody takes it for a cluster. */
export const sandboxName = 'sandbox (in memory, not a real cluster)';

/** Which cluster this is, read over the connection that executes: approvals are bound to it. */
export interface ClusterIdentity {
  /** Our configured name, as every result shows it; `sandboxName` for the sandbox. */
  readonly name: string;
  /** uid of the kube-system namespace. */
  readonly uid: string;
  /** SHA-256 of the CA certificates in DER order; empty for the sandbox, which has no TLS. */
  readonly caDigest: string;
  readonly arn?: string;
}

/** For whom and why requests are sent: enters Audit-ID headers and, where configured, impersonation extras. */
export interface RequestContext {
  readonly invocation: string;
  readonly agent: string;
  /** Who vouches for the agent, and by which subject: two issuers may give one name. Absent: the server itself asks. */
  readonly issuer?: string;
  readonly subject?: string;
  readonly person?: string;
  readonly approval?: string;
  /**
   * The next Audit-ID of this invocation; every Kubernetes request takes one. Resolves when the intent of the call is on disk,
   * so that nothing leaves before. @throws AuditUnavailable
   */
  readonly nextAuditId: () => Promise<string>;
  readonly signal: Signal;
}

/** One configured cluster. Nothing is sent before the first use. */
export interface Cluster {
  readonly name: string;
  readonly defaultNamespace: string;
  readonly sandbox: boolean;
  /** Cached after the first read; `fresh` reads it again over the executing connection (at the claim). @throws Unavailable */
  identity(context: RequestContext, fresh?: boolean): ClusterIdentity | Promise<ClusterIdentity>;
  planning(context: RequestContext): PlanningHandle;
  /** Before anybody is asked: whether there is a role for what these requests do. @throws Forbidden with what to configure */
  checkRoles(requests: readonly PlannedRequest[]): void;
  /** Redeems the grant, once; the handle then sends the granted requests and nothing else. @throws Internal for a grant that is spent or forged */
  execution(grant: Grant, context: RequestContext): ExecutionHandle;
  close(): Promise<void>;
}

/** The configured clusters by name. */
export interface Clusters {
  /** Opened at its first use. `undefined`: the only one. @throws Invalid for a name that is none of them, Unavailable saying what to configure */
  get(name: string | undefined): Promise<Cluster>;
}

/**
 * Reads and dry-runs, as a user that the API server itself lets do nothing else. It has no way to write: `dryRun=All`
 * is added here, never by a caller, and only for PATCH of kinds that kube-apiserver serves itself.
 * All raw: what it returns is for planning, never for the agent.
 */
export interface PlanningHandle {
  readonly defaultNamespace: string;
  /** A resource as people say it (`deploy`, `deployments.apps`, `deployments.v1.apps`, `Deployment`). @throws Invalid unknown (with near ones) or ambiguous (with candidates) */
  resolve(resource: string): Promise<ResourceType>;
  /** A kind as a manifest says it. @throws Invalid */
  resolveKind(apiVersion: string, kind: string): Promise<ResourceType>;
  /** Undefined: the object is not there. @throws Forbidden, Unavailable */
  get(object: ObjectRef): Promise<JsonObject | undefined>;
  /** The scale subresource: replicas with the uid and resourceVersion they were read with. Undefined: not there. @throws Invalid if the kind has none */
  scale(object: ObjectRef): Promise<ScaleState | undefined>;
  /** Metadata of the matching objects, up to `limit` (1..5000); `more` if there are others. */
  listMetadata(query: MetadataQuery): Promise<MetadataList>;
  /** Server-side apply with dryRun=All and strict field validation, with the request's uid and resourceVersion. @throws Conflict, Invalid, NotFound, Forbidden */
  dryRunApply(request: ApplyRequest): Promise<DryRun>;
  /** All types that can be listed, for what a namespace holds. */
  types(): Promise<readonly ResourceType[]>;
}

export interface ScaleState {
  readonly replicas: number;
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface MetadataQuery {
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit: number;
}

export interface MetadataList {
  readonly items: readonly JsonObject[];
  readonly more: boolean;
  /** All of them, where the server says how many remain. */
  readonly total: number | undefined;
}

export interface DryRun {
  readonly object: JsonObject;
  readonly warnings: readonly string[];
}

/** Sends granted requests: each mutating one once. Knows nothing of inputs. */
export interface ExecutionHandle {
  /**
   * @throws CountersignError NotFound, Conflict, Invalid, Forbidden, Failed on a definite 4xx; `Unknown` on a 5xx, a timeout or a
   * socket lost after sending a mutation; Unavailable when nothing was sent.
   */
  send(request: SendableRequest): Promise<RawResponse>;
  /** A log with a time before each line, raw, as it comes. @throws as `send` for a read; a log that breaks off is said, not thrown */
  logs(request: LogsRequest, onChunk: (bytes: Uint8Array) => void): Promise<LogsEnd>;
  /** Runs the command, `onFrame` for each chunk as it comes; back-pressure by its promise. */
  exec(request: ExecRequest, onFrame: (frame: Frame) => Promise<void>): Promise<ExecEnd>;
}

/** Raw: only the masker reads it. */
export interface RawResponse {
  readonly httpStatus: number;
  readonly body: Json;
  readonly warnings: readonly string[];
}

export interface LogsEnd {
  /** It broke off, or took too long: what came is its beginning. */
  readonly cut: boolean;
}

export interface ExecEnd {
  /** Undefined: the connection ended without a status, the outcome is unknown. */
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  /** The channel-3 Status or our own reason where there is no exit code; raw. */
  readonly reason: string | undefined;
}

/** Reads Secrets for the masker and nothing else, with an identity of its own. Raw. */
export interface SecretReader {
  /** All of the namespace, as they are now. @throws CountersignError */
  listSecrets(namespace: string): Promise<SecretList>;
  /** Tells of every change since that version. Resolves when it ends. @throws CountersignError when it cannot begin */
  watchSecrets(namespace: string, resourceVersion: string, watcher: SecretWatcher): Promise<void>;
}

export interface SecretList {
  readonly secrets: readonly JsonObject[];
  /** From where a watch goes on. */
  readonly resourceVersion: string;
}

export interface SecretWatcher {
  /** It is open: until it ends every change is told. */
  opened(): void;
  changed(secret: JsonObject): void;
  deleted(secret: JsonObject): void;
  /** Ends it. */
  readonly signal: Signal;
}
