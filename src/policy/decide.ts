import type { ConditionError, Decision, DecisionInput, DecisionPoint, Verdict } from '../domain/decision.ts';
import { indexed, verbs } from './candidates.ts';
import { type CompiledRule, type CompiledRules, type Judgement, judge } from './compiled.ts';
import { subjectsOf } from './context.ts';
import { addUp } from './requirement.ts';

const noFacts: ReadonlySet<string> = new Set();

/** What all rules that could be about a target say of it. */
interface Finding {
  readonly rule: CompiledRule;
  readonly judgement: Judgement;
}

/**
 * Decides by rules alone: pure and total. All rules that match a target count and the strictest wins; the strictest of all
 * targets is the decision. Where no rule allows or holds a target, it is denied; so it is where a condition errors.
 */
export function createRulePoint(compiled: CompiledRules, bundleDigest: string): DecisionPoint {
  const candidates = indexed(compiled.rules);
  const look = (input: DecisionInput, pass: 'first' | 'second'): Found => {
    const perTarget = subjectsOf(input, compiled.conditions, pass).map((subject) => {
      const findings: Finding[] = [];
      for (const { matches, rules } of candidates.ofTarget(subject.target)) {
        const matched = matches(input, subject);
        if (matched === 'false') continue;
        for (const rule of rules) {
          const judgement = judge(rule, matched, subject);
          if (judgement.truth !== 'false') findings.push({ rule, judgement });
        }
      }
      return findings;
    });
    return { perTarget, all: perTarget.flat(), bundleDigest };
  };
  // Asked for each read, so it is known beforehand.
  const readOf = new Map(
    verbs.map((verb) => [verb, readsOf(candidates.ofVerb(verb).flatMap(({ rules }) => rules))] as const),
  );
  return {
    bundleDigest,
    first: (input) => {
      const decision = firstPass(look(input, 'first'), input);
      return decision === undefined ? { undecided: true } : { undecided: false, decision };
    },
    decide: (input) => wholeDecision(look(input, 'second'), input),
    readsFact: (name, verb) => (readOf.get(verb) ?? noFacts).has(name),
  };
}

interface Found {
  readonly perTarget: readonly (readonly Finding[])[];
  readonly all: readonly Finding[];
  readonly bundleDigest: string;
}

/** The facts that rules read, by their conditions or by the labels that they match on. */
function readsOf(rules: readonly CompiledRule[]): ReadonlySet<string> {
  const reads = rules.flatMap(({ conditions }) => conditions.flatMap((condition) => [...condition.reads]));
  const facts = reads.flatMap((read) => (read.startsWith('facts.') ? [read.slice('facts.'.length)] : []));
  const byLabel = rules.some(({ rule }) => rule.match.namespaces?.some((each) => typeof each !== 'string'));
  return new Set([...facts, ...(byLabel ? ['namespaceLabels'] : [])]);
}

const surely = ({ judgement }: Finding): boolean => judgement.truth === 'true';
const surelyErring = ({ judgement }: Finding): boolean => judgement.truth === 'error';
/** In the second pass nothing is left to be found out: what could fail has failed. */
const erring = ({ judgement }: Finding): boolean => judgement.errors.length > 0;
const possibly = ({ judgement }: Finding): boolean => judgement.truth !== 'error';
const effectOf = ({ rule }: Finding): Verdict => rule.rule.effect;

/** Denied for sure, whatever the unknown members turn out to be; undefined: not yet. */
function firstPass(found: Found, input: DecisionInput): Decision | undefined {
  const denying = found.all.filter((each) => effectOf(each) === 'deny').filter(surely);
  if (denying.length > 0 || found.all.some(surelyErring)) return denied(denying, found);
  const hopeless = found.perTarget.some((findings) => findings.every((each) => effectOf(each) === 'deny'));
  return hopeless ? nothingMatches(input, found) : undefined;
}

function wholeDecision(found: Found, input: DecisionInput): Decision {
  // What could be a deny is one: in the second pass nothing is left to be found out.
  const denying = found.all.filter((each) => effectOf(each) === 'deny').filter(possibly);
  if (denying.length > 0 || found.all.some(erring)) return denied(denying, found);
  const covered = found.perTarget.every((findings) =>
    findings.some((each) => effectOf(each) !== 'deny' && surely(each)),
  );
  if (!covered || input.targets.length === 0) return nothingMatches(input, found);
  const reviewing = found.all.filter((each) => effectOf(each) === 'review');
  if (reviewing.length > 0) return held(reviewing, found);
  return decision('allow', found.all.filter(surely), found);
}

/** Because of rules that say so, or because a condition could not be decided. */
function denied(denying: readonly Finding[], found: Found): Decision {
  if (denying.length > 0) return decision('deny', denying, found);
  const [first] = errorsIn(found);
  const because =
    first === undefined
      ? 'A condition could not be decided.'
      : `What cannot be decided is denied: its condition \`${first.condition}\` failed, ${first.error}.`;
  return { ...decision('deny', found.all.filter(erring), found), because };
}

function held(reviewing: readonly Finding[], found: Found): Decision {
  const requirement = addUp(distinct(reviewing).map(({ rule }) => rule.require));
  return { ...decision('review', reviewing, found), requirement };
}

function decision(verdict: Verdict, deciding: readonly Finding[], found: Found): Decision {
  const rules = distinct(deciding);
  const errors = errorsIn(found);
  return {
    verdict,
    rule: rules[0]?.rule.name,
    matched: distinct(found.all.filter(surely)).map(({ rule }) => rule.name),
    because: rules.map(({ rule }) => rule.description).join(' '),
    requirement: undefined,
    bundleDigest: found.bundleDigest,
    ...(verdict !== 'deny' && reduces(found) ? { masking: 'reduced' as const } : {}),
    ...(errors.length === 0 ? {} : { errors }),
  };
}

/** One rule that does not say it is enough to hold to the values in reach. */
function reduces({ all }: Found): boolean {
  const passing = all.filter((each) => effectOf(each) !== 'deny');
  return passing.length > 0 && passing.every(({ rule }) => rule.rule.masking === 'reduced');
}

function nothingMatches(input: DecisionInput, found: Found): Decision {
  const because =
    input.targets.length === 0
      ? 'The call names nothing that a rule could be about.'
      : 'No rule allows this, and what no rule allows is denied.';
  return { ...decision('deny', [], found), because };
}

/** Each rule once, by name. */
const distinct = (findings: readonly Finding[]): readonly CompiledRule[] =>
  findings.length < 2
    ? findings.map(({ rule }) => rule)
    : [...new Set(findings.map(({ rule }) => rule))].sort((a, b) => (a.rule.name < b.rule.name ? -1 : 1));

const noErrors: readonly ConditionError[] = [];

/** Each once, though several targets may have met it. */
function errorsIn(found: Found): readonly ConditionError[] {
  if (!found.all.some(erring)) return noErrors;
  const errors = new Map<string, ConditionError>();
  for (const { rule, judgement } of found.all.filter(erring))
    for (const { condition, error } of judgement.errors) {
      const said = { rule: rule.rule.name, condition, error };
      errors.set(JSON.stringify(said), said);
    }
  return [...errors.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, error]) => error);
}
