import type { Clock } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { type Json, listAt, stringAt } from '../domain/json.ts';
import type { ResourceType } from '../domain/resource.ts';
import * as accept from './accept.ts';
import type { Api } from './api.ts';
import { withDeclared } from './declared.ts';
import { hasOtherGroups, type ServedType, servedTypes } from './discovery-document.ts';

const ttlMs = 10 * 60_000;
/** What was read this short a time ago is not read again because a name is missing in it. */
const floorMs = 250;

/** What the cluster serves, read in two requests (three with CRDs) and shared by all calls of the process. */
export class Discovery {
  readonly #clock: Clock;
  #types: readonly ServedType[] | undefined;
  #readAt = 0;
  #reading: Promise<readonly ServedType[]> | undefined;
  /** Types of CRDs with what their definitions say, for as long as the types are good. */
  #declared = new WeakMap<ResourceType, Promise<ResourceType>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws Unavailable */
  types(api: Api): readonly ServedType[] | Promise<readonly ServedType[]> {
    if (this.#types !== undefined && this.#clock.now() - this.#readAt < ttlMs) return this.#types;
    return this.#read(api);
  }

  /** Again, because something was not in it: a CRD may be a second old. */
  async newer(api: Api): Promise<readonly ServedType[]> {
    if (this.#types !== undefined && this.#clock.now() - this.#readAt < floorMs) return this.#types;
    return this.#read(api);
  }

  /**
   * With what its definition declares of secrets: one request for each CRD that is used, and the same object from then on.
   * @throws Unavailable
   */
  declared(api: Api, type: ResourceType): ResourceType | Promise<ResourceType> {
    if (type.servedBy !== 'crd') return type;
    const known = this.#declared.get(type);
    if (known !== undefined) return known;
    const reading = withDeclared(api, type);
    this.#declared.set(type, reading);
    reading.catch(() => this.#declared.delete(type));
    return reading;
  }

  invalidate(): void {
    this.#types = undefined;
    // whoever is reading now may be reading what was before
    this.#reading = undefined;
  }

  #read(api: Api): Promise<readonly ServedType[]> {
    if (this.#reading !== undefined) return this.#reading;
    const reading: Promise<readonly ServedType[]> = fetchTypes(api)
      .then((types) => {
        if (this.#reading === reading) {
          this.#types = types;
          this.#readAt = this.#clock.now();
        }
        return types;
      })
      .finally(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
    this.#reading = reading;
    return reading;
  }
}

async function fetchTypes(api: Api): Promise<readonly ServedType[]> {
  const [core, groups] = await Promise.all([fetchDocument(api, '/api'), fetchDocument(api, '/apis')]);
  const crds = hasOtherGroups(groups) ? await fetchCrds(api) : new Set<string>();
  const isCrd = (name: string): boolean => crds.has(name);
  return [...servedTypes(core, isCrd), ...servedTypes(groups, isCrd)];
}

async function fetchDocument(api: Api, path: string): Promise<Json> {
  const what = 'read which kinds the cluster serves';
  const { body } = await api.call({ method: 'GET', path, accept: accept.discovery, mutates: false, what });
  if (body.kind === 'APIGroupDiscoveryList') return body;
  throw new CountersignError('Unavailable', `the API server at ${api.client.host} is too old for Countersign`, {
    hint: 'aggregated discovery is needed: Kubernetes 1.27 or newer',
  });
}

const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Names `<plural>.<group>`. Where they may not be read nothing counts as a CRD: its dry-run would prove nothing. */
async function fetchCrds(api: Api): Promise<ReadonlySet<string>> {
  const what = 'list CustomResourceDefinitions';
  try {
    const request = { method: 'GET', path: crdPath, accept: accept.metadataList, mutates: false, what } as const;
    const found = await api.find(request);
    return new Set(listAt(found?.body, 'items').flatMap((item) => stringAt(item, 'metadata', 'name') ?? []));
  } catch (error) {
    if (error instanceof CountersignError && (error.code === 'Forbidden' || error.code === 'NotFound')) {
      return new Set();
    }
    throw error;
  }
}
