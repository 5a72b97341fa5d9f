import { at, type Json } from '../json.ts';
import { isDelete, isUnknown, next, type Seen } from './seen.ts';
import type { ObjectFacts } from './spec.ts';

type Replicas = ObjectFacts['replicas'];

const none = { from: 0, to: 0, percent: 0, toZero: false, changed: false } as const;

/** Absent where an effect that might change them is unknown, and the manifest does not say how many. */
export function replicasOf(seen: Seen): Replicas {
  const { request, effect, before } = seen;
  if ((request.action !== 'apply' && request.action !== 'scale') || isDelete(seen)) return none;
  if (request.action === 'scale') {
    const from = effect?.changes.find(({ path }) => path === 'spec.replicas')?.from;
    return isUnknown(seen) ? undefined : between(from ?? 0, request.replicas);
  }
  const to = at(next(seen), 'spec', 'replicas');
  const from = at(before, 'spec', 'replicas');
  if (isUnknown(seen)) return to === undefined || request.mode === 'update' ? undefined : between(0, to);
  if (to === undefined) return from === undefined ? none : undefined;
  return between(from ?? 0, to);
}

function between(from: Json, to: Json): Replicas {
  if (typeof from !== 'number' || typeof to !== 'number') return undefined;
  const percent = ((to - from) * 100) / Math.max(from, 1);
  // Away from zero: what is a little more than the half is not the half.
  const rounded = Math.sign(percent) * Math.ceil(Math.abs(percent));
  const changed = from !== to;
  return { from, to, percent: rounded === 0 ? 0 : rounded, toZero: changed && to === 0, changed };
}
