import { CountersignError } from '../../domain/errors.ts';
import type { Masker, Selectors } from '../../domain/masker.ts';
import { type ResourceType, resourceGroup } from '../../domain/resource.ts';

/** Who could select by a value that is hidden could guess it: each answer would say whether. @throws Invalid */
export function refuseHiddenSelector(
  masker: Pick<Masker, 'hiddenSelector'>,
  type: ResourceType,
  selectors: Selectors,
): void {
  if (selectors.fieldSelector === undefined && selectors.labelSelector === undefined) return;
  const hidden = masker.hiddenSelector(type, selectors);
  if (hidden === undefined) return;
  throw new CountersignError(
    'Invalid',
    `${resourceGroup(type)} cannot be selected by ${JSON.stringify(hidden)}: its value is masked`,
    { hint: 'select by another field or label, or by name' },
  );
}
