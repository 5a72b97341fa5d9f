import type { JsonObject } from '../../domain/json.ts';
import { formatPath, type Path } from '../../domain/path.ts';
import type { ObjectRef } from '../../domain/resource.ts';
import type { Completing } from './completed.ts';

/**
 * Leaves of the live object into which somebody copied what a Secret in reach holds: no secrets by their place, hidden for their
 * value. Whether a guess at one is right is for a diff or a conflict to keep, as it is for the Secret itself.
 */
export async function copiesIn(
  { gate: { masker }, scopes }: Completing,
  { type, namespace }: ObjectRef,
  live: JsonObject | undefined,
): Promise<readonly Path[]> {
  const scope = live && (await scopes).get(namespace);
  if (live === undefined || scope === undefined) return [];
  const byPlace = new Set(masker.sensitivePaths(type, live).map(formatPath));
  return masker.sensitivePaths(type, live, scope).filter((path) => !byPlace.has(formatPath(path)));
}
