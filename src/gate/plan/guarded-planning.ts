import type { DryRun, MetadataList, MetadataQuery, PlanningHandle, ScaleState } from '../../domain/cluster.ts';
import { CountersignError } from '../../domain/errors.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { ApplyRequest, ListRequest } from '../../domain/request.ts';
import type { ObjectRef, ResourceType } from '../../domain/resource.ts';
import { objectLabel, resourceGroup } from '../../domain/resource.ts';
import type { ToolPlanning } from '../../domain/tool.ts';
import { mayRead, refuseIfSurelyDenied } from '../authorize.ts';
import type { Call } from '../call.ts';
import type { Gate, Pin } from '../gate.ts';
import { refuseHiddenSelector } from './selectors.ts';

/**
 * Planning for one principal: it reads only what the policy lets this principal read, and refuses before anything is sent.
 * So an existing and a missing object answer alike to who may not get them, whatever a tool or an effect asks.
 */
export class GuardedPlanning implements ToolPlanning {
  readonly defaultNamespace: string;
  readonly pinned?: readonly Pin[];
  readonly #gate: Gate;
  readonly #call: Call;
  readonly #cluster: string;
  readonly #bare: PlanningHandle;

  constructor(gate: Gate, call: Call, cluster: string, bare: PlanningHandle, pinned: readonly Pin[] | undefined) {
    this.defaultNamespace = bare.defaultNamespace;
    if (pinned !== undefined) this.pinned = pinned;
    this.#gate = gate;
    this.#call = call;
    this.#cluster = cluster;
    this.#bare = bare;
  }

  cursor(id: string): { readonly request: ListRequest; readonly view: Json } {
    return this.#gate.cursors.find(this.#call.invocation.principal, this.#cluster, id);
  }

  resolve(resource: string): Promise<ResourceType> {
    return this.#bare.resolve(resource);
  }

  resolveKind(apiVersion: string, kind: string): Promise<ResourceType> {
    return this.#bare.resolveKind(apiVersion, kind);
  }

  types(): Promise<readonly ResourceType[]> {
    return this.#bare.types();
  }

  async get(object: ObjectRef): Promise<JsonObject | undefined> {
    this.#needObject(object);
    return this.#bare.get(object);
  }

  async scale(object: ObjectRef): Promise<ScaleState | undefined> {
    this.#needObject(object);
    return this.#bare.scale(object);
  }

  async listMetadata(query: MetadataQuery): Promise<MetadataList> {
    this.#need(query.type, query.namespace, 'list', resourceGroup(query.type));
    refuseHiddenSelector(this.#gate.masker, query.type, query);
    return this.#bare.listMetadata(query);
  }

  async dryRunApply(request: ApplyRequest): Promise<DryRun> {
    this.#needObject(request.object);
    return this.#bare.dryRunApply(request);
  }

  #needObject(object: ObjectRef): void {
    this.#need(object.type, object.namespace, 'get', objectLabel(object));
  }

  #need(type: ResourceType, namespace: string | undefined, verb: 'get' | 'list', what: string): void {
    if (mayRead(this.#gate, this.#call, this.#cluster, type, namespace, verb)) return;
    const target = { resourceGroup: resourceGroup(type), access: { verb } as const, namespace: namespace ?? null };
    refuseIfSurelyDenied(this.#gate, this.#call, 'get', this.#cluster, [target]);
    throw unreadable(this.#cluster, what);
  }
}

const unreadable = (cluster: string, what: string): CountersignError =>
  new CountersignError('Denied', `Denied by policy, not executed. You may not read ${what} (${cluster}).`, {
    hint: 'Tell the user which object the policy does not let you read. Do not try another tool or a shell.',
  });
