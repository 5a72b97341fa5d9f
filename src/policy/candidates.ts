import type { Target } from '../domain/decision.ts';
import type { Access } from '../domain/request.ts';
import type { CompiledRule } from './compiled.ts';
import type { Matcher } from './match.ts';

/** Rules whose `match` is the same: whether they are about a target is found out once for all of them. */
interface Candidates {
  readonly matches: Matcher;
  readonly rules: readonly CompiledRule[];
}

/** The rules that could be about a target by its verb, so that the rest is not asked. */
interface Index {
  ofTarget(target: Target): readonly Candidates[];
  ofVerb(verb: Access['verb']): readonly Candidates[];
}

export const verbs = ['get', 'list', 'create', 'patch', 'delete'] as const;

export function indexed(rules: readonly CompiledRule[]): Index {
  const all = grouped(rules);
  const byVerb = new Map<string, readonly Candidates[]>();
  for (const verb of verbs)
    byVerb.set(
      verb,
      grouped(
        rules.filter(({ rule: { match } }) => match.verbs?.some((each) => each === verb || each === '*') ?? true),
      ),
    );
  const ofVerb = (verb: Access['verb']): readonly Candidates[] => byVerb.get(verb) ?? all;
  // An apply whose object is not known yet may turn out to be a create: then every rule is asked, and says so itself.
  const ofTarget = ({ access, resourceGroup }: Target) =>
    resourceGroup === undefined && access.verb === 'patch' ? all : ofVerb(access.verb);
  return { ofTarget, ofVerb };
}

function grouped(rules: readonly CompiledRule[]): readonly Candidates[] {
  const groups = new Map<Matcher, CompiledRule[]>();
  for (const rule of rules) {
    const group = groups.get(rule.matches);
    if (group === undefined) groups.set(rule.matches, [rule]);
    else group.push(rule);
  }
  return [...groups].map(([matches, members]) => ({ matches, rules: members }));
}
