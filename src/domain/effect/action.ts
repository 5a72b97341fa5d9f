import type { ObjectEffect } from '../effect.ts';
import type { JsonObject } from '../json.ts';
import { isFinalDelete } from './finalizers.ts';

/**
 * What an apply amounts to, in kubectl's words. A field that changes hands without changing its value still configures; one
 * that only becomes co-owned does not.
 */
export function applyAction(
  live: JsonObject | undefined,
  dryRun: JsonObject,
  effect: Pick<ObjectEffect, 'changes' | 'removes' | 'takes' | 'allocated'>,
): 'create' | 'configure' | 'unchanged' | 'delete' {
  if (live === undefined) return 'create';
  if (isFinalDelete(live, dryRun)) return 'delete';
  const { changes, removes, takes, allocated } = effect;
  return [changes, removes, takes, allocated].every((list) => list.length === 0) ? 'unchanged' : 'configure';
}
