import type { Decision, DecisionInput, DecisionPoint, Verdict } from '../domain/decision.ts';
import { type Matcher, matcherOf, type Truth } from './match.ts';
import { addUp } from './requirement.ts';
import type { Rule } from './rule.ts';

interface Compiled {
  readonly rule: Rule;
  readonly matches: Matcher;
}

/** What of a rule is said of a call: whether it matches a target for sure, and whether it could. */
interface Finding {
  readonly rule: Rule;
  readonly truths: readonly Truth[];
}

/**
 * Decides by rules alone: pure and total. All rules that match a target count and the strictest wins; the strictest of all
 * targets is the decision. Where no rule allows or holds a target, it is denied.
 */
export function createRulePoint(rules: readonly Rule[], bundleDigest: string): DecisionPoint {
  // By name, so that the order of rules and files never shows, not even in which rule is named.
  const compiled = [...rules]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((rule): Compiled => ({ rule, matches: matcherOf(rule) }));
  return {
    bundleDigest,
    first: (input) => {
      const decision = firstPass(findings(compiled, input), input, bundleDigest);
      return decision === undefined ? { undecided: true } : { undecided: false, decision };
    },
    decide: (input) => wholeDecision(findings(compiled, input), input, bundleDigest),
  };
}

const findings = (compiled: readonly Compiled[], input: DecisionInput): readonly Finding[] =>
  compiled.map(({ rule, matches }) => ({ rule, truths: input.targets.map((target) => matches(input, target)) }));

const surely = (found: Finding): boolean => found.truths.includes('true');

/** Denied for sure, whatever the unknown members turn out to be; undefined: not yet. */
function firstPass(all: readonly Finding[], input: DecisionInput, bundleDigest: string): Decision | undefined {
  const denying = all.filter(({ rule }) => rule.effect === 'deny').filter(surely);
  if (denying.length > 0) return denied(denying, all, bundleDigest);
  const hopeless = input.targets.some((_, target) =>
    all.every(({ rule, truths }) => rule.effect === 'deny' || truths[target] === 'false'),
  );
  return hopeless ? nothingMatches(input, all, bundleDigest) : undefined;
}

function wholeDecision(all: readonly Finding[], input: DecisionInput, bundleDigest: string): Decision {
  // What could be a deny is one: in the second pass nothing is left to be found out.
  const denying = all.filter(({ rule, truths }) => rule.effect === 'deny' && truths.some((each) => each !== 'false'));
  if (denying.length > 0) return denied(denying, all, bundleDigest);
  const covered = input.targets.every((_, target) =>
    all.some(({ rule, truths }) => rule.effect !== 'deny' && truths[target] === 'true'),
  );
  if (!covered || input.targets.length === 0) return nothingMatches(input, all, bundleDigest);
  const reviewing = all.filter(
    ({ rule, truths }) => rule.effect === 'review' && truths.some((each) => each !== 'false'),
  );
  if (reviewing.length > 0) return held(reviewing, all, bundleDigest);
  const allowing = all.filter(({ rule }) => rule.effect === 'allow').filter(surely);
  return decision('allow', allowing, all, bundleDigest);
}

const denied = (rules: readonly Finding[], all: readonly Finding[], bundleDigest: string): Decision =>
  decision('deny', rules, all, bundleDigest);

function held(rules: readonly Finding[], all: readonly Finding[], bundleDigest: string): Decision {
  const requirement = addUp(rules.map(({ rule }) => rule.require));
  return { ...decision('review', rules, all, bundleDigest), requirement };
}

function decision(
  verdict: Verdict,
  deciding: readonly Finding[],
  all: readonly Finding[],
  bundleDigest: string,
): Decision {
  const matched = all.filter(surely).map(({ rule }) => rule.name);
  const because = deciding.map(({ rule }) => rule.description).join(' ');
  return { verdict, rule: deciding[0]?.rule.name, matched, because, requirement: undefined, bundleDigest };
}

function nothingMatches(input: DecisionInput, all: readonly Finding[], bundleDigest: string): Decision {
  const because =
    input.targets.length === 0
      ? 'The call names nothing that a rule could be about.'
      : 'No rule allows this, and what no rule allows is denied.';
  const matched = all.filter(surely).map(({ rule }) => rule.name);
  return { verdict: 'deny', rule: undefined, matched, because, requirement: undefined, bundleDigest };
}
