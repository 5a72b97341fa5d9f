import type { DecisionInput, Target } from '../domain/decision.ts';
import type { Subject } from './context.ts';
import type { Match, Rule } from './rule.ts';

/**
 * Kleene's logic with errors: `unknown` is what a member that is not known yet makes of a condition, `error` one that should
 * be known and is not.
 */
export type Truth = 'true' | 'false' | 'unknown' | 'error';

const truth = (value: boolean): Truth => (value ? 'true' : 'false');

/** What surely does not match need not be found out; what may still turn out not to match has not failed yet. */
export function all(conditions: readonly Truth[]): Truth {
  if (conditions.includes('false')) return 'false';
  if (conditions.includes('unknown')) return 'unknown';
  return conditions.includes('error') ? 'error' : 'true';
}

function any(conditions: readonly Truth[]): Truth {
  if (conditions.includes('true')) return 'true';
  if (conditions.includes('unknown')) return 'unknown';
  return conditions.includes('error') ? 'error' : 'false';
}

/** Whether a rule is about this target of a call. Members that a rule leaves out match everything. */
export type Matcher = (input: DecisionInput, subject: Subject) => Truth;

export function matcherOf(rule: Rule): Matcher {
  const { principal, tools, verbs, resources, namespaces, clusterScoped, clusters } = rule.match;
  const forCall = callMatcher({ principal, tools, clusters });
  const inNamespace = namespaces?.map(namespaceTest);
  const onResource = resources?.map(resourceMatcher);
  const tests: ((subject: Subject) => Truth)[] = [];
  if (verbs !== undefined && !verbs.includes('*')) tests.push(({ target }) => verbMatches(verbs, target));
  if (onResource !== undefined) tests.push(({ target }) => any(onResource.map((test) => test(target))));
  if (inNamespace !== undefined) tests.push((subject) => namespaceMatches(inNamespace, subject));
  if (clusterScoped !== undefined) tests.push(({ target }) => scopeMatches(clusterScoped, target));
  return (input, subject) => {
    if (!forCall(input)) return 'false';
    let truth: Truth = 'true';
    for (const test of tests) {
      const next = test(subject);
      if (next === 'false') return 'false';
      truth = all([truth, next]);
    }
    return truth;
  };
}

/** An apply whose object is not known yet may turn out to be a create. */
function verbMatches(verbs: readonly string[], { access, resourceGroup }: Target): Truth {
  const open = resourceGroup === undefined && access.verb === 'patch' && access.subresource === undefined;
  return open ? some(['create', 'patch'].map((verb) => verbs.includes(verb))) : truth(verbs.includes(access.verb));
}

const some = (outcomes: readonly boolean[]): Truth =>
  outcomes.every((each) => each) ? 'true' : outcomes.includes(true) ? 'unknown' : 'false';

type NamespaceTest = (name: string, subject: Subject) => Truth;

function namespaceTest(pattern: NonNullable<Match['namespaces']>[number]): NamespaceTest {
  if (typeof pattern === 'string') {
    const glob = globOf(pattern);
    return (name) => truth(glob(name));
  }
  const wanted = Object.entries(pattern.labels);
  return (_, { namespaceLabels }) => {
    if (namespaceLabels === 'unknown') return 'unknown';
    if (namespaceLabels === undefined) return 'error';
    return truth(wanted.every(([key, value]) => Object.hasOwn(namespaceLabels, key) && namespaceLabels[key] === value));
  };
}

/** While the kind is not known, a namespace is only the one it would be in if it had one. */
function namespaceMatches(tests: readonly NamespaceTest[], subject: Subject): Truth {
  const { resourceGroup, name } = subject.target;
  // As the API server has it: a Namespace is in itself.
  const namespace = resourceGroup === 'namespaces' ? (name ?? null) : subject.target.namespace;
  if (namespace === undefined) return 'unknown';
  if (namespace === null) return 'false';
  const found = any(tests.map((test) => test(namespace, subject)));
  return found === 'true' && resourceGroup === undefined ? 'unknown' : found;
}

function scopeMatches(clusterScoped: boolean, { namespace, resourceGroup }: Target): Truth {
  if (namespace === undefined || (namespace !== null && resourceGroup === undefined)) return 'unknown';
  return truth((namespace === null) === clusterScoped);
}

function callMatcher({ principal, tools, clusters }: Pick<Match, 'principal' | 'tools' | 'clusters'>) {
  const agents = principal?.agents?.map(globOf);
  const inCluster = clusters?.map(globOf);
  return (input: DecisionInput): boolean => {
    const caller = input.principal;
    return (
      (tools === undefined || tools.includes(input.tool)) &&
      (inCluster === undefined || inCluster.some((test) => test(input.cluster))) &&
      (agents === undefined || agents.some((test) => test(caller.agent))) &&
      (principal?.groups === undefined || principal.groups.some((group) => caller.groups.includes(group))) &&
      (principal?.issuers === undefined || principal.issuers.includes(caller.issuer)) &&
      (principal?.verified === undefined || principal.verified === caller.verified)
    );
  };
}

/** `pods/exec`, `deployments.apps`, `*.apps`, `*` and `*` with a slash: as RBAC, where `*` alone is every resource with every subresource. */
function resourceMatcher(pattern: string): (target: Target) => Truth {
  const [name = '', subresource] = pattern.split('/');
  const everything = pattern === '*';
  return ({ resourceGroup, access }) => {
    if (everything) return 'true';
    const below = subresource === '*' ? true : access.subresource === subresource;
    if (!below) return 'false';
    if (name === '*') return 'true';
    if (resourceGroup === undefined) return 'unknown';
    return truth(name.startsWith('*.') ? resourceGroup.endsWith(name.slice(1)) : resourceGroup === name);
  };
}

/** `*` stands for any characters, everything else for itself. Linear: no backtracking over more than the last star. */
export function globOf(pattern: string): (text: string) => boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return (text) => text === pattern;
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  const middle = parts.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let from = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, from);
      if (found < 0) return false;
      from = found + part.length;
    }
    return from <= text.length - last.length;
  };
}
