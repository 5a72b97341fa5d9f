import type { PeopleRegistry } from '../domain/approval.ts';
import { type ApprovalFacts, type Derived, deriveState } from '../domain/approval-state.ts';
import type { Clock } from '../domain/environment.ts';
import type { Store, Stored } from './store.ts';

export interface Current extends Stored, Derived {}

/** What this process itself has just written needs no reading. */
export const withFacts = (
  ctx: { readonly people: PeopleRegistry; readonly clock: Clock },
  { record, review }: Stored,
  facts: ApprovalFacts,
): Current => ({ record, review, facts, ...deriveState(facts, ctx.people.byId, ctx.clock.now()) });

/** The approval as its files have it now; what is due by votes or time is not written yet. */
export async function derive(
  ctx: { readonly store: Store; readonly people: PeopleRegistry; readonly clock: Clock },
  id: string,
): Promise<Current | undefined> {
  const stored = await ctx.store.load(id);
  return stored && { ...stored, ...deriveState(stored.facts, ctx.people.byId, ctx.clock.now()) };
}
