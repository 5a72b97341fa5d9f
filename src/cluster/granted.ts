import { canonicalJson } from '../domain/canonical.ts';
import { CountersignError } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import { isMutating, type PlannedRequest } from '../domain/request.ts';
import type { ResourceType } from '../domain/resource.ts';

/** The requests of one grant, as they were when it was redeemed. Each mutating one can be taken once. */
export class Granted {
  readonly #left: string[];

  constructor(requests: readonly PlannedRequest[]) {
    this.#left = requests.map(form);
  }

  /** @throws Internal for a request that differs in anything but resourceVersion, or was sent already */
  take(request: PlannedRequest): void {
    const index = this.#left.indexOf(form(request));
    if (index < 0) {
      throw new CountersignError('Internal', 'this request is not in the grant, or was sent already');
    }
    if (isMutating(request)) this.#left.splice(index, 1);
  }
}

/** Everything that decides what is sent, but resourceVersion, which is added at the claim. */
function form(request: PlannedRequest): string {
  if (request.action === 'get') {
    const { object, representation } = request;
    return JSON.stringify(['get', typeForm(object.type), object.namespace, object.name, representation]);
  }
  if (request.action === 'list') {
    const { namespace, labelSelector, fieldSelector, limit, continue: next, representation } = request;
    const said = [namespace, labelSelector, fieldSelector, limit, next, representation];
    return JSON.stringify(['list', typeForm(request.type), ...said]);
  }
  const { resourceVersion: _, ...rest } = request as PlannedRequest & { readonly resourceVersion?: string };
  // members that are undefined are absent
  return canonicalJson(JSON.parse(JSON.stringify(rest)) as Json);
}

const typeForm = (type: ResourceType): string =>
  `${type.group}/${type.version}/${type.resource} ${type.namespaced ? 'namespaced' : 'cluster'}`;
