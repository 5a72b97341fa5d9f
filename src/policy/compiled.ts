import type { Condition, Conditions } from './cel/condition.ts';
import { createPolicyConditions, type Subject } from './context.ts';
import { all, type Matcher, matcherOf, type Truth } from './match.ts';
import type { Rule } from './rule.ts';

/** A rule that is ready to be asked. */
export interface CompiledRule {
  readonly rule: Rule;
  /** One and the same for all rules with the same `match`. */
  readonly matches: Matcher;
  readonly conditions: readonly Condition[];
}

export interface CompiledRules {
  /** By name, so that the order of rules and files never shows, not even in which rule is named. */
  readonly rules: readonly CompiledRule[];
  readonly conditions: Conditions;
}

/** A condition that cannot be used: the rule is not loaded, and so the bundle is not. */
export class ConditionFault extends Error {
  readonly rule: Rule;
  /** Its place in `when`. */
  readonly index: number;

  constructor(rule: Rule, index: number, message: string) {
    super(`rule ${rule.name}, when[${index}] \`${rule.when?.[index] ?? ''}\`: ${message}`);
    this.rule = rule;
    this.index = index;
  }
}

/** @throws ConditionFault */
export function compileRules(rules: readonly Rule[]): CompiledRules {
  const conditions = createPolicyConditions();
  const matchers = new Map<string, Matcher>();
  const matcherFor = (rule: Rule): Matcher => {
    const text = JSON.stringify(rule.match);
    const matcher = matchers.get(text) ?? matcherOf(rule);
    matchers.set(text, matcher);
    return matcher;
  };
  const sorted = [...rules].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { rules: sorted.map((rule) => compileRule(rule, matcherFor(rule), conditions)), conditions };
}

const compileRule = (rule: Rule, matches: Matcher, conditions: Conditions): CompiledRule => ({
  rule,
  matches,
  // The cheap ones first: one that is false decides, and their order never matters.
  conditions: (rule.when ?? [])
    .map((text, index) => {
      try {
        return conditions.compile(text);
      } catch (thrown) {
        throw new ConditionFault(rule, index, thrown instanceof Error ? thrown.message : String(thrown));
      }
    })
    .sort((a, b) => a.cost - b.cost),
});

/** What a rule says of one target. */
export interface Judgement {
  readonly truth: Truth;
  /** What could not be decided; of what is unknown it may turn out not to matter. */
  readonly errors: readonly { readonly condition: string; readonly error: string }[];
}

const none: Judgement['errors'] = [];
const no: Judgement = { truth: 'false', errors: none };
const yes: Judgement = { truth: 'true', errors: none };
const open: Judgement = { truth: 'unknown', errors: none };

/**
 * Match, which the caller has found out, and all conjuncts. One that is false decides, whatever the others are: a rule that is
 * surely not about a target cannot fail on it. Their order never matters.
 */
export function judge({ rule, conditions }: CompiledRule, matched: Truth, subject: Subject): Judgement {
  if (matched === 'false') return no;
  let truth: Truth = matched;
  let errors: Judgement['errors'] =
    truth === 'error' ? [{ condition: labelsOf(rule), error: 'the labels of the namespace are absent' }] : none;
  for (const condition of conditions) {
    const value = subject.value(condition);
    if (value === false) return no;
    if (value === true) continue;
    if (value !== 'unknown') errors = [...errors, { condition: condition.text, error: value.error }];
    truth = all([truth, value === 'unknown' ? 'unknown' : 'error']);
  }
  if (errors.length > 0) return { truth, errors };
  return truth === 'true' ? yes : open;
}

const labelsOf = ({ match }: Rule): string =>
  `match.namespaces ${JSON.stringify(match.namespaces?.filter((each) => typeof each !== 'string'))}`;
