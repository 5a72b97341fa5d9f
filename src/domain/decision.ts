import type { Facts } from './facts/facts.ts';
import type { CallFacts, ObjectFacts } from './facts/spec.ts';
import type { Principal } from './principal.ts';
import type { Access } from './request.ts';

/** The zero value is deny: whoever forgets a case denies. */
export type Verdict = 'deny' | 'allow' | 'review';

/** One object (or list) that a call touches, in the words that rules match on. */
export interface Target {
  /** `deployments.apps`; undefined: not known yet (first pass). */
  readonly resourceGroup: string | undefined;
  readonly access: Access;
  /** null: cluster-scoped, or a list over all namespaces; undefined: not known yet. */
  readonly namespace: string | null | undefined;
  readonly name?: string;
}

export interface DecisionInput {
  readonly principal: Principal;
  /** How often values of Secrets had to be hidden in what it was shown in the last hour; left out where there were none. */
  readonly maskHits?: number;
  readonly tool: string;
  /** The configured name of the cluster. */
  readonly cluster: string;
  readonly targets: readonly Target[];
  /** Undefined in the first pass. Those of objects stand in the order of `targets`, one for each. */
  readonly facts: Facts | undefined;
  /** Milliseconds since the epoch: what conditions read as `time`, given so that the decision depends on nothing else. */
  readonly now: number;
}

/** What an approval must fulfil. Those of all matching review rules add up: each slot needs a person of its own. */
export interface Requirement {
  readonly slots: readonly Slot[];
  readonly decideWithinSeconds: number;
  readonly useWithinSeconds: number;
  /** Whether the person behind the agent may countersign (off in the strict bundle). */
  readonly ownerMay: boolean;
  readonly confirmCode: boolean;
  /** Whom to ask too when nobody has decided for so long: from then on their approve fills any place. */
  readonly escalation?: readonly Escalation[];
  /** Off unless every rule that asks names it. */
  readonly breakGlass?: BreakGlass;
}

/** Whoever is in all of these groups may countersign alone, their own agent's request too, with a typed reason. */
export interface BreakGlass {
  readonly groups: readonly string[];
  /** From that vote until it must be used; never longer than `useWithinSeconds`. */
  readonly withinSeconds: number;
}

export interface Escalation {
  readonly afterSeconds: number;
  readonly group: string;
}

/** `count` distinct people, of `group` if it is named. */
export interface Slot {
  readonly group: string | undefined;
  readonly count: number;
}

export interface Decision {
  readonly verdict: Verdict;
  /** The rule that decided, and all that matched; empty: nothing matched, which is deny. */
  readonly rule: string | undefined;
  readonly matched: readonly string[];
  /** The rule's own words, for who is denied or asked. */
  readonly because: string;
  /** With `review` only. */
  readonly requirement: Requirement | undefined;
  readonly bundleDigest: string;
  /** Every rule that lets it through says that output may be shown though the values in reach are not known whole. */
  readonly masking?: 'reduced';
  /** Conditions that could not be decided, each of which denies; left out where there are none. */
  readonly errors?: readonly ConditionError[];
}

/** A condition that was neither true nor false: a fact was absent, a key missing, a number divided by zero. */
export interface ConditionError {
  readonly rule: string;
  readonly condition: string;
  readonly error: string;
}

/**
 * Policy decision point (NIST SP 800-162). Pure and total: an unreadable or broken policy is a decision to deny, not a throw.
 */
export interface DecisionPoint {
  readonly bundleDigest: string;
  /** Whether a rule that could be about this verb reads the fact. What is false need not be derived, where that costs a request. */
  readsFact(name: keyof ObjectFacts | keyof CallFacts, verb: Access['verb']): boolean;
  /** Three-valued pass over what the call itself says: `denied` only if no rule could allow or hold it whatever the facts. */
  first(
    input: DecisionInput,
  ): { readonly undecided: true } | { readonly undecided: false; readonly decision: Decision };
  /** The whole decision: the strictest over all targets and all matching rules. */
  decide(input: DecisionInput): Decision;
}
