import { type JsonObject, objectAt } from '../json.ts';
import { namespaceOf, typeOf } from '../request.ts';
import { resourceGroup } from '../resource.ts';
import { next, type Seen } from './seen.ts';
import type { ObjectFacts } from './spec.ts';

export type Labels = Readonly<Record<string, string>>;
/** Labels that each namespace has now, `{}` for one that is not there; a namespace that could not be read is missing. */
export type NamespaceLabels = Readonly<Record<string, Labels>> | undefined;

const environmentLabel = 'countersign.dev/environment';
const production = 'production';

/** The namespace that a request is in or about; `*`: all of them; undefined: none. */
export function namespaceTouched({ request }: Pick<Seen, 'request'>): string | undefined {
  if (request.action !== 'list' && resourceGroup(request.object.type) === 'namespaces') return request.object.name;
  const allOfThem = request.action === 'list' && request.type.namespaced ? '*' : undefined;
  return namespaceOf(request) ?? allOfThem;
}

export function environmentFacts(
  seen: Seen,
  known: NamespaceLabels,
): Pick<ObjectFacts, 'namespaceLabels' | 'environment'> {
  const namespace = namespaceTouched(seen);
  if (namespace === undefined) return { namespaceLabels: {}, environment: '' };
  const labels = known !== undefined && Object.hasOwn(known, namespace) ? known[namespace] : undefined;
  if (labels === undefined) return { namespaceLabels: undefined, environment: undefined };
  return { namespaceLabels: labels, environment: environmentOf(seen, labels) };
}

/** A namespace whose label a call changes counts as production, whichever way; a new one is what its own label says. */
function environmentOf(seen: Seen, labels: Labels): string {
  const now = nameOf(labels);
  const { request } = seen;
  if (resourceGroup(typeOf(request)) !== 'namespaces' || request.action !== 'apply') return now;
  const then = nameOf(labelsOf(next(seen)));
  return request.mode === 'create' || then === now ? then : production;
}

const nameOf = (labels: Labels): string =>
  Object.hasOwn(labels, environmentLabel) ? (labels[environmentLabel] ?? production) : production;

export const labelsOf = (object: JsonObject | undefined): Labels =>
  Object.fromEntries(
    Object.entries(objectAt(object, 'metadata', 'labels') ?? {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
