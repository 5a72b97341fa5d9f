import { at, type JsonObject, numberAt } from '../json.ts';
import { isMutating, typeOf } from '../request.ts';
import { objectId, resourceGroup } from '../resource.ts';
import { isDelete, next, type Seen } from './seen.ts';
import type { CallFacts, ObjectFacts } from './spec.ts';

/** What of an object's facts says how many pods it is about. */
type Derived = Pick<ObjectFacts, 'action' | 'podTemplates' | 'replicas' | 'changedFields' | 'deletedWith'>;

export function callFacts(all: readonly Seen[], objects: readonly Derived[]): CallFacts {
  const names = all.flatMap(({ request }) =>
    request.action === 'list' ? [] : [`${resourceGroup(request.object.type)} ${objectId(request.object)}`],
  );
  return {
    objectCount: new Set(names).size,
    podsAffected: sum(all.map((seen, index) => podsOf(seen, objects[index]))),
  };
}

const sum = (counts: readonly (number | undefined)[]): number | undefined =>
  counts.reduce((total, count) => (total === undefined || count === undefined ? undefined : total + count), 0);

/** At most, undefined where nobody knows. */
function podsOf(seen: Seen, facts: Derived | undefined): number | undefined {
  if (facts === undefined) return undefined;
  const { request } = seen;
  if (!isMutating(request)) return 0;
  if (request.action === 'exec') return 1;
  if (resourceGroup(request.object.type) === 'nodes') return facts.action === 'unchanged' ? 0 : undefined;
  if (isDelete(seen)) return podsDeleted(seen, facts);
  if (request.action === 'apply') return podsApplied(seen, facts);
  return difference(facts.replicas);
}

const difference = (replicas: Derived['replicas']): number | undefined =>
  replicas === undefined ? undefined : Math.abs(replicas.to - replicas.from);

function podsDeleted({ request }: Seen, { deletedWith }: Derived): number | undefined {
  if (deletedWith === undefined) return undefined;
  const resource = resourceGroup(typeOf(request));
  // Which pods its custom resources stand for, no count says.
  if (resource === 'customresourcedefinitions.apiextensions.k8s.io' && deletedWith.total > 0) return undefined;
  const pods = deletedWith.resources.find((each) => each.resource === 'pods')?.count ?? 0;
  return resource === 'pods' ? pods + 1 : pods;
}

/** A changed template replaces every pod; changed replicas only start or stop some. */
function podsApplied(seen: Seen, { action, podTemplates, replicas, changedFields }: Derived): number | undefined {
  if (action === 'unchanged') return 0;
  if (podTemplates === 0) return difference(replicas);
  const fixed = fixedCount(resourceGroup(typeOf(seen.request)), seen.before, next(seen));
  if (fixed !== undefined) return fixed;
  const spec = changedFields?.filter((field) => !/^metadata\b/.test(field));
  if (spec?.length === 0 && action !== 'create') return 0;
  if (replicas === undefined || at(next(seen), 'spec', 'replicas') === undefined) return undefined;
  return action !== 'create' && spec?.every((field) => field === 'spec.replicas')
    ? difference(replicas)
    : Math.max(replicas.from, replicas.to);
}

function fixedCount(
  resource: string,
  before: JsonObject | undefined,
  then: JsonObject | undefined,
): number | undefined {
  switch (resource) {
    case 'pods':
      return 1;
    case 'podtemplates':
      return 0;
    case 'jobs.batch':
      return numberAt(then, 'spec', 'parallelism') ?? 1;
    case 'cronjobs.batch':
      return numberAt(then, 'spec', 'jobTemplate', 'spec', 'parallelism') ?? 1;
    case 'daemonsets.apps':
      return numberAt(before, 'status', 'desiredNumberScheduled');
    default:
      return undefined;
  }
}
