import type { CallFacts, ObjectFacts } from './spec.ts';

/**
 * What policy and people talk about, derived by the gate from plan and effect, never taken from the agent.
 * `objects` has one for each request of the plan, in order, so one for each target of the decision.
 */
export interface Facts {
  readonly call: CallFacts;
  readonly objects: readonly ObjectFacts[];
}

/**
 * The facts that a condition reads about one object of a call. Where a member is undefined, or there is no such object, a
 * condition that reads it errors.
 */
export const factsAbout = (facts: Facts, index: number): Partial<CallFacts & ObjectFacts> => ({
  ...facts.call,
  ...facts.objects[index],
});
