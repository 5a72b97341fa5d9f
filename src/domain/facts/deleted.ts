import { isDelete, type Seen } from './seen.ts';
import type { ObjectFacts } from './spec.ts';

/** What goes with a delete; absent where one of the counts is. */
export function deletedWith(seen: Seen): ObjectFacts['deletedWith'] {
  if (!isDelete(seen)) return { total: 0, resources: [] };
  const counted = seen.effect?.deletesWith;
  if (counted === undefined) return undefined;
  const resources: { resource: string; count: number }[] = [];
  for (const { resourceGroup, count } of counted) {
    if (count === undefined) return undefined;
    resources.push({ resource: resourceGroup, count });
  }
  resources.sort((a, b) => (a.resource < b.resource ? -1 : 1));
  return { total: resources.reduce((sum, { count }) => sum + count, 0), resources };
}

/** A delete waits for finalizers; only a change of the list takes one off. */
export const finalizersRemoved = ({ effect }: Seen): readonly string[] =>
  (effect?.changes ?? []).flatMap(({ path, from, to }) =>
    path.startsWith('metadata.finalizers[') && to === undefined && typeof from === 'string' ? [from] : [],
  );
