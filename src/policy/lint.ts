import type { GoodBundle } from './bundle.ts';
import type { Scope } from './cel/closure.ts';
import type { CompiledRule } from './compiled.ts';
import { covers } from './covers.ts';
import { globOf } from './match.ts';
import type { Rule } from './rule.ts';

/** Something about a bundle that is hardly meant. */
export interface Finding {
  readonly rule: string | undefined;
  readonly message: string;
}

export interface LintOptions {
  /** Names of all tools that there are. */
  readonly tools: readonly string[];
  /** Namespaces that people expect rules for. */
  readonly namespaces: readonly string[];
}

/** What can be told without a call. Faults (unknown facts, wrong types, two of one name) are found when a bundle is loaded. */
export function lint(bundle: GoodBundle, { tools, namespaces }: LintOptions): readonly Finding[] {
  const { rules } = bundle.compiled;
  return [
    ...rules.flatMap((compiled) => never(compiled, tools).map((message) => ({ rule: compiled.rule.name, message }))),
    ...rules.flatMap(({ rule }) => shadowed(rule, bundle.rules).map((message) => ({ rule: rule.name, message }))),
    ...uncoveredNamespaces(bundle.rules, namespaces).map((message) => ({ rule: undefined, message })),
  ];
}

/** What a condition that reads nothing is evaluated in. */
const nothing: Scope = { roots: {}, variables: [] };

/** Why a rule can never match. */
function never({ rule, conditions }: CompiledRule, tools: readonly string[]): readonly string[] {
  const { match } = rule;
  const unknownTools = (match.tools ?? []).filter((tool) => !tools.includes(tool));
  const constant = conditions.filter(({ reads }) => reads.size === 0);
  return [
    ...unknownTools.map((tool) => `there is no tool ${tool}; there are ${tools.join(', ')}`),
    ...(match.clusterScoped === true && match.namespaces !== undefined
      ? ['it can never match: what is in a namespace is not cluster-scoped']
      : []),
    ...(verbsAgree(rule) ? [] : ['it can never match: none of its tools sends any of its verbs']),
    ...constant
      .filter((condition) => condition.evaluate(nothing) !== true)
      .map(({ text }) => `it can never match: \`${text}\` is not true of any call`),
    ...constant
      .filter((condition) => condition.evaluate(nothing) === true)
      .map(({ text }) => `\`${text}\` is true of every call: leave it out`),
    ...contradictions(rule).map((path) => `it can never match: ${path} cannot be two things at once`),
  ];
}

/** The verbs that a tool sends; of other tools nothing is said. */
const sent: Readonly<Record<string, readonly string[]>> = {
  get: ['get', 'list'],
  logs: ['get', 'list'],
  apply: ['create', 'patch', 'get'],
  delete: ['delete', 'get', 'list'],
  scale: ['patch', 'get'],
  exec: ['create', 'get'],
};

function verbsAgree({ match: { tools, verbs } }: Rule): boolean {
  if (tools === undefined || verbs === undefined || verbs.includes('*')) return true;
  return tools.some((tool) => !Object.hasOwn(sent, tool) || verbs.some((verb) => sent[tool]?.includes(verb)));
}

const equality = /^([a-z]+(?:\.[a-zA-Z]+)+) == ("[^"]*"|'[^']*'|\d+|true|false)$/;

/** Members that two conjuncts want to be different things. */
function contradictions({ when = [] }: Rule): readonly string[] {
  const wanted = new Map<string, string>();
  return when.flatMap((condition) => {
    const [, path, value] = equality.exec(condition.trim()) ?? [];
    if (path === undefined || value === undefined) return [];
    const before = wanted.get(path);
    wanted.set(path, value);
    return before === undefined || before === value ? [] : [path];
  });
}

const stricter: Readonly<Record<Rule['effect'], readonly string[]>> = {
  allow: ['deny', 'review'],
  review: ['deny'],
  deny: [],
};

/** A rule whose every call another, stricter one decides; or says the same as another. */
function shadowed(rule: Rule, rules: readonly Rule[]): readonly string[] {
  const over = rules.find((other) => stricter[rule.effect].includes(other.effect) && covers(other, rule));
  if (over !== undefined) return [`it never decides: rule ${over.name} (${over.effect}) is about all of its calls`];
  const twin = rules.find(
    (other) =>
      other.name < rule.name &&
      other.effect === rule.effect &&
      JSON.stringify(other.require) === JSON.stringify(rule.require) &&
      covers(other, rule),
  );
  return twin === undefined ? [] : [`it adds nothing: rule ${twin.name} says the same of all of its calls`];
}

function uncoveredNamespaces(rules: readonly Rule[], namespaces: readonly string[]): readonly string[] {
  const opening = rules.filter(({ effect, match }) => effect !== 'deny' && match.clusterScoped !== true);
  const reaches = ({ match }: Rule, namespace: string): boolean =>
    match.namespaces?.some((each) => typeof each !== 'string' || globOf(each)(namespace)) ?? true;
  return namespaces
    .filter((namespace) => !opening.some((rule) => reaches(rule, namespace)))
    .map((namespace) => `no rule allows or holds anything in namespace ${namespace}: everything there is denied`);
}
