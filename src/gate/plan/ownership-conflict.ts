import type { Ownership } from '../../domain/effect.ts';
import { CountersignError } from '../../domain/errors.ts';
import { open } from '../../domain/masked.ts';
import type { Masker } from '../../domain/masker.ts';
import { type ObjectRef, objectLabel } from '../../domain/resource.ts';
import { liveText, ownershipLine, pathText, valueText } from '../answer/render.ts';

/** Fields of another manager: nobody is asked, because a person cannot settle what two writers would go on fighting over. */
export function ownershipConflict(
  masker: Masker,
  object: ObjectRef,
  conflicts: readonly Ownership[],
): CountersignError {
  const [count, belong] = conflicts.length === 1 ? ['1 field', 'belongs'] : [`${conflicts.length} fields`, 'belong'];
  return new CountersignError('Conflict', `${count} of ${objectLabel(object)} ${belong} to another manager`, {
    conflict: 'ownership',
    lines: conflicts.slice(0, 20).map((owned) => open(ownershipLine(masker, owned))),
    hint: 'leave out what you need not set. For the rest apply again with "forceConflicts":true; the approver is shown that you take it over. Do not delete and recreate the object',
    data: {
      conflicts: conflicts.slice(0, 20).map((owned) => ({
        path: open(pathText(masker, owned.path)),
        manager: owned.manager,
        ...(owned.hidden
          ? { masked: true }
          : { live: open(liveText(masker, owned.live)), yours: open(valueText(masker, owned.yours)) }),
      })),
    },
  });
}
