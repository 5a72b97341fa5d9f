import type { DryRun, MetadataList, MetadataQuery, PlanningHandle, ScaleState } from '../domain/cluster.ts';
import { CountersignError, invalid } from '../domain/errors.ts';
import { type JsonObject, numberAt, stringAt } from '../domain/json.ts';
import type { ApplyRequest } from '../domain/request.ts';
import { type ObjectRef, objectLabel, type ResourceType, resourceGroup } from '../domain/resource.ts';
import * as accept from './accept.ts';
import { checkAllowed } from './allowed.ts';
import type { Api } from './api.ts';
import type { Discovery } from './discovery.ts';
import type { ServedType } from './discovery-document.ts';
import { listMetadata } from './list.ts';
import { objectPath } from './paths.ts';
import { readCall } from './reads.ts';
import { findKind, findResource, unknownKind, unknownResource } from './resolve.ts';
import { applyCall } from './writes.ts';

/** Reads and dry-runs. There is no method here that writes, and none that takes a query. */
export class Planning implements PlanningHandle {
  readonly defaultNamespace: string;
  readonly #api: Api;
  readonly #discovery: Discovery;

  constructor(defaultNamespace: string, api: Api, discovery: Discovery) {
    this.defaultNamespace = defaultNamespace;
    this.#api = api;
    this.#discovery = discovery;
  }

  resolve(resource: string): Promise<ResourceType> {
    return this.#served(
      (types) => findResource(types, resource),
      (types) => unknownResource(types, resource),
    );
  }

  resolveKind(apiVersion: string, kind: string): Promise<ResourceType> {
    return this.#served(
      (types) => findKind(types, apiVersion, kind),
      (types) => unknownKind(types, apiVersion, kind),
    );
  }

  /** What is not found is looked for once more in newer types. */
  async #served(
    find: (types: readonly ServedType[]) => ResourceType | undefined,
    unknown: (types: readonly ServedType[]) => Error,
  ): Promise<ResourceType> {
    const found = find(await this.#discovery.types(this.#api));
    if (found !== undefined) return this.#discovery.declared(this.#api, found);
    const newer = await this.#discovery.newer(this.#api);
    const late = find(newer);
    if (late === undefined) throw unknown(newer);
    return this.#discovery.declared(this.#api, late);
  }

  async get(object: ObjectRef): Promise<JsonObject | undefined> {
    const found = await this.#api.find(readCall(object));
    return found?.body;
  }

  async scale(object: ObjectRef): Promise<ScaleState | undefined> {
    if (!object.type.subresources.includes('scale')) {
      throw invalid(`${resourceGroup(object.type)} cannot be scaled`, 'name a workload, such as a Deployment');
    }
    const path = objectPath(object, 'scale');
    const what = `get the scale of ${objectLabel(object)}`;
    const found = await this.#api.find({ method: 'GET', path, accept: accept.json, mutates: false, what });
    if (found === undefined) return undefined;
    const uid = stringAt(found.body, 'metadata', 'uid');
    const resourceVersion = stringAt(found.body, 'metadata', 'resourceVersion');
    if (uid === undefined || resourceVersion === undefined) {
      throw new CountersignError('Unavailable', `the API server gave no uid or resourceVersion: ${what}`);
    }
    // a scale without replicas is one of zero: the field is left out when it is empty
    return { replicas: numberAt(found.body, 'spec', 'replicas') ?? 0, uid, resourceVersion };
  }

  listMetadata(query: MetadataQuery): Promise<MetadataList> {
    return listMetadata(this.#api, query);
  }

  async dryRunApply(request: ApplyRequest): Promise<DryRun> {
    checkAllowed(request);
    if (request.object.type.servedBy === 'aggregated') {
      throw new CountersignError('Internal', 'a dry run of a kind that another server serves proves nothing');
    }
    const { body, warnings } = await this.#api.call(applyCall(request, 'dry'));
    return { object: body, warnings };
  }

  async types(): Promise<readonly ResourceType[]> {
    const known = await this.#discovery.types(this.#api);
    return known.filter((each) => each.preferred && each.type.verbs.includes('list')).map((each) => each.type);
  }
}
