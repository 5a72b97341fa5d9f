import { sameJson } from '../effect/lists.ts';
import { isMutating } from '../request.ts';
import { distinct, isUnknown, type Seen } from './seen.ts';
import type { ObjectFacts } from './spec.ts';

/** Which fields become others, so that a rule can say "the image and nothing else". Absent where nobody knows. */
export function changedFields(seen: Seen): ObjectFacts['changedFields'] {
  const { request, effect } = seen;
  if (!isMutating(request)) return [];
  if (effect === undefined || isUnknown(seen)) return undefined;
  if (effect.action === 'delete') return ['*'];
  const changed = effect.changes.filter(({ from, to }) => !sameJson(from, to)).map(({ path }) => path);
  return distinct([...changed, ...effect.removes, ...effect.varies, ...effect.allocated].map(withoutKeys));
}

/** `containers[web].image` is `containers.image`; `labels["a.b/c"]` stays, because that is a field. */
export const withoutKeys = (path: string): string =>
  path.replace(/\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]/g, (step) => (step.startsWith('["') ? step : ''));
