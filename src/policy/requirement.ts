import type { Requirement, Slot } from '../domain/decision.ts';
import type { RuleRequirement } from './rule.ts';

const defaultSeconds = 15 * 60;

/**
 * What all matching review rules ask for together. Slots of different groups stand side by side, each for a person of its own;
 * of one group the highest count holds. Times are the shortest, and what any rule forbids stays forbidden.
 */
export function addUp(requirements: readonly (RuleRequirement | undefined)[]): Requirement {
  const counts = new Map<string | undefined, number>();
  for (const requirement of requirements)
    for (const { group, count } of slotsOf(requirement)) counts.set(group, Math.max(counts.get(group) ?? 0, count));
  return {
    slots: inOrder(counts),
    decideWithinSeconds: shortest(requirements.map((each) => each?.decideWithin)),
    useWithinSeconds: shortest(requirements.map((each) => each?.useWithin)),
    ownerMay: requirements.length > 0 && requirements.every((each) => each?.ownerMay === true),
    confirmCode: requirements.some((each) => each?.confirmCode === true),
  };
}

/** Of one rule, the slots of one group are added: it says them all at once. */
function slotsOf(requirement: RuleRequirement | undefined): readonly Slot[] {
  if (requirement?.slots === undefined) return [{ group: undefined, count: requirement?.people ?? 1 }];
  const counts = new Map<string | undefined, number>();
  for (const { group, count } of requirement.slots) counts.set(group, (counts.get(group) ?? 0) + count);
  return [...counts].map(([group, count]) => ({ group, count }));
}

/** By group, so that the order of rules does not show; anybody last. */
function inOrder(counts: ReadonlyMap<string | undefined, number>): readonly Slot[] {
  return [...counts]
    .map(([group, count]) => ({ group, count }))
    .sort((a, b) => (a.group === undefined ? 1 : b.group === undefined ? -1 : a.group < b.group ? -1 : 1));
}

const shortest = (seconds: readonly (number | undefined)[]): number =>
  Math.min(...seconds.map((each) => each ?? defaultSeconds));
