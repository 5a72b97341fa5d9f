import type { Decision, DecisionInput, DecisionPoint, Target } from '../domain/decision.ts';
import type { GoodBundle } from './bundle.ts';
import { type CompiledRule, judge } from './compiled.ts';
import { type Subject, subjectsOf, type Value } from './context.ts';
import { createRulePoint } from './decide.ts';
import { matcherOf, type Truth } from './match.ts';

/** Why a call is decided as it is: each rule about each object, with the value of each of its conditions. */
export interface Explanation {
  /** Undefined: it cannot be told without the facts. */
  readonly decision: Decision | undefined;
  readonly targets: readonly {
    readonly target: Target;
    readonly rules: readonly RuleExplanation[];
  }[];
}

export interface RuleExplanation {
  readonly name: string;
  readonly effect: string;
  readonly description: string;
  /** Whether it counts for this object: all of it is true. */
  readonly truth: Truth;
  /** Members of `match` that are not about this object; empty: it is about it. */
  readonly unmatched: readonly string[];
  readonly conditions: readonly { readonly text: string; readonly value: Value }[];
}

/** What decided, and what did not. Without facts it is the first pass, where much is unknown. */
export function explain(bundle: GoodBundle, input: DecisionInput): Explanation {
  const { rules, conditions } = bundle.compiled;
  const point = createRulePoint(bundle.compiled, bundle.digest);
  const subjects = subjectsOf(input, conditions, input.facts === undefined ? 'first' : 'second');
  return {
    decision: input.facts === undefined ? firstOf(point, input) : point.decide(input),
    targets: subjects.map((subject) => ({
      target: subject.target,
      rules: rules.map((compiled) => explainRule(compiled, input, subject)),
    })),
  };
}

function explainRule(compiled: CompiledRule, input: DecisionInput, subject: Subject): RuleExplanation {
  const { rule, conditions } = compiled;
  const members = Object.entries(rule.match).filter(([, value]) => value !== undefined);
  return {
    name: rule.name,
    effect: rule.effect,
    description: rule.description,
    truth: judge(compiled, compiled.matches(input, subject), subject).truth,
    unmatched: members
      .filter(([member, value]) => matcherOf({ ...rule, match: { [member]: value } })(input, subject) === 'false')
      .map(([member]) => member),
    // As they are written, not as they are asked.
    conditions: (rule.when ?? []).flatMap((text) =>
      conditions
        .filter((condition) => condition.text === text)
        .map((condition) => ({ text, value: subject.value(condition) })),
    ),
  };
}

function firstOf(point: DecisionPoint, input: DecisionInput): Decision | undefined {
  const first = point.first(input);
  return first.undecided ? undefined : first.decision;
}
