import type { BreakGlass, Escalation, Requirement, Slot } from '../domain/decision.ts';
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
  const escalation = escalationsOf(requirements);
  const breakGlass = breakGlassOf(requirements);
  return {
    slots: inOrder(counts),
    decideWithinSeconds: shortest(requirements.map((each) => each?.decideWithin)),
    useWithinSeconds: shortest(requirements.map((each) => each?.useWithin)),
    ownerMay: requirements.length > 0 && requirements.every((each) => each?.ownerMay === true),
    confirmCode: requirements.some((each) => each?.confirmCode === true),
    ...(escalation.length === 0 ? {} : { escalation }),
    ...(breakGlass === undefined ? {} : { breakGlass }),
  };
}

/** Of one rule, the slots of one group are added: it says them all at once. */
export function slotsOf(requirement: RuleRequirement | undefined): readonly Slot[] {
  const { slots, groups = [], people = groups.length } = requirement ?? { people: 1 };
  const counts = new Map<string | undefined, number>();
  const add = (group: string | undefined, count: number): void =>
    void counts.set(group, (counts.get(group) ?? 0) + count);
  for (const { group, count } of slots ?? groups.map((each) => ({ group: each, count: 1 }))) add(group, count);
  if (slots === undefined && people > groups.length) add(undefined, people - groups.length);
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

/** Only groups that every rule names, at the latest time of them: an approve of theirs fills the places of all the rules. */
function escalationsOf(requirements: readonly (RuleRequirement | undefined)[]): readonly Escalation[] {
  const named = requirements.flatMap((each) => each?.escalate ?? []);
  return [...new Set(named.map(({ to }) => to))]
    .map((group) => ({ group, times: named.filter(({ to }) => to === group).map(({ after }) => after) }))
    .filter(({ times }) => times.length === requirements.length)
    .map(({ group, times }) => ({ afterSeconds: Math.max(...times), group }))
    .sort((a, b) => a.afterSeconds - b.afterSeconds || (a.group < b.group ? -1 : 1));
}

/** Only where every rule names one: who breaks it is in all of their groups, and has the shortest time. */
function breakGlassOf(requirements: readonly (RuleRequirement | undefined)[]): BreakGlass | undefined {
  const named = requirements.flatMap((each) => each?.breakGlass ?? []);
  if (named.length === 0 || named.length < requirements.length) return undefined;
  return {
    groups: [...new Set(named.map(({ group }) => group))].sort(),
    withinSeconds: Math.min(...named.map(({ within }) => within)),
  };
}
