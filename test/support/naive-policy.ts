import type { DecisionInput, Verdict } from '../../src/domain/decision.ts';

/** A condition with what it means, said twice: as CEL, and as a function that throws where it errors. */
export interface NaiveCondition {
  readonly text: string;
  readonly holds: (input: DecisionInput, target: number) => boolean;
}

export interface NaiveRule {
  readonly effect: Verdict;
  readonly people?: number;
  readonly group?: string;
  readonly match: {
    readonly verbs?: readonly string[];
    readonly resources?: readonly string[];
    readonly namespaces?: readonly string[];
    readonly clusterScoped?: boolean;
    readonly groups?: readonly string[];
  };
  readonly when: readonly NaiveCondition[];
}

/**
 * docs/policy.md, "How rules combine", word for word and without a thought for speed: every rule is asked about every object.
 */
export function naively(rules: readonly NaiveRule[], input: DecisionInput): { verdict: Verdict; people: number } {
  const verdicts = input.targets.map((_, target) => aboutObject(rules, input, target));
  const strictest: Verdict =
    verdicts.length === 0 || verdicts.includes('deny') ? 'deny' : verdicts.includes('review') ? 'review' : 'allow';
  if (strictest !== 'review') return { verdict: strictest, people: 0 };
  const places = new Map<string, number>();
  for (const rule of rules) {
    const counts = input.targets.some((_, target) => applies(rule, input, target) === 'yes');
    if (rule.effect !== 'review' || !counts) continue;
    const group = rule.group ?? '';
    places.set(group, Math.max(places.get(group) ?? 0, rule.people ?? 1));
  }
  return { verdict: 'review', people: [...places.values()].reduce((sum, count) => sum + count, 0) };
}

function aboutObject(rules: readonly NaiveRule[], input: DecisionInput, target: number): Verdict {
  const asked = rules.map((rule) => ({ effect: rule.effect, answer: applies(rule, input, target) }));
  if (asked.some(({ answer }) => answer === 'error')) return 'deny';
  const effects = asked.filter(({ answer }) => answer === 'yes').map(({ effect }) => effect);
  if (effects.includes('deny') || effects.length === 0) return 'deny';
  return effects.includes('review') ? 'review' : 'allow';
}

function applies(rule: NaiveRule, input: DecisionInput, target: number): 'yes' | 'no' | 'error' {
  if (!isAbout(rule, input, target)) return 'no';
  let error = false;
  let all = true;
  for (const condition of rule.when) {
    try {
      if (!condition.holds(input, target)) all = false;
    } catch {
      error = true;
    }
  }
  if (!all) return 'no';
  return error ? 'error' : 'yes';
}

function isAbout({ match }: NaiveRule, input: DecisionInput, index: number): boolean {
  const target = input.targets[index];
  if (target === undefined) return false;
  const resource = target.access.subresource
    ? `${target.resourceGroup}/${target.access.subresource}`
    : `${target.resourceGroup}`;
  if (match.verbs !== undefined && !match.verbs.includes(target.access.verb)) return false;
  if (match.resources !== undefined && !match.resources.includes('*') && !match.resources.includes(resource))
    return false;
  if (match.namespaces !== undefined && !(target.namespace && match.namespaces.includes(target.namespace)))
    return false;
  if (match.clusterScoped !== undefined && match.clusterScoped !== (target.namespace === null)) return false;
  return match.groups === undefined || match.groups.some((group) => input.principal.groups.includes(group));
}
