import { type JsonObject, listAt, stringAt } from '../json.ts';

const finalizersOf = (object: JsonObject): readonly string[] =>
  listAt(object, 'metadata', 'finalizers').filter((each) => typeof each === 'string');

/** Finalizers that are there now and would not be any more, in their order. */
export function finalizersRemoved(live: JsonObject | undefined, dryRun: JsonObject): readonly string[] {
  if (live === undefined) return [];
  const kept = new Set(finalizersOf(dryRun));
  return finalizersOf(live).filter((finalizer) => !kept.has(finalizer));
}

export const isTerminating = (live: JsonObject | undefined): boolean =>
  stringAt(live, 'metadata', 'deletionTimestamp') !== undefined;

/** Whether a write is a delete: it takes the last finalizer of an object that only waits for it. */
export const isFinalDelete = (live: JsonObject | undefined, dryRun: JsonObject): boolean =>
  isTerminating(live) && finalizersRemoved(live, dryRun).length > 0 && finalizersOf(dryRun).length === 0;
