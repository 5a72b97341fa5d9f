import { globOf } from './match.ts';
import type { Match, Rule } from './rule.ts';

/**
 * Whether every call that `narrow` is about is one that `wide` is about too. Says no where it cannot tell, so that what it
 * finds is true.
 */
export function covers(wide: Rule, narrow: Rule): boolean {
  const conditions = new Set(narrow.when ?? []);
  if (!(wide.when ?? []).every((condition) => conditions.has(condition))) return false;
  const [a, b] = [wide.match, narrow.match];
  return (
    coversPrincipal(a.principal, b.principal) &&
    subset(b.tools, a.tools) &&
    (a.verbs?.includes('*') === true || subset(b.verbs, a.verbs)) &&
    within(b.resources, a.resources, coversResource) &&
    within(b.namespaces, a.namespaces, coversNamespace) &&
    (a.clusterScoped === undefined || a.clusterScoped === b.clusterScoped) &&
    within(b.clusters, a.clusters, coversGlob)
  );
}

function coversPrincipal(wide: Match['principal'], narrow: Match['principal']): boolean {
  if (wide === undefined) return true;
  return (
    within(narrow?.agents, wide.agents, coversGlob) &&
    subset(narrow?.groups, wide.groups) &&
    subset(narrow?.issuers, wide.issuers) &&
    (wide.verified === undefined || wide.verified === narrow?.verified)
  );
}

const subset = (narrow: readonly string[] | undefined, wide: readonly string[] | undefined): boolean =>
  within(narrow, wide, (a, b) => a === b);

/** Each of the narrow ones is in one of the wide ones; left out is everything. */
function within<T>(
  narrow: readonly T[] | undefined,
  wide: readonly T[] | undefined,
  isIn: (wide: T, narrow: T) => boolean,
): boolean {
  if (wide === undefined) return true;
  return narrow?.every((each) => wide.some((candidate) => isIn(candidate, each))) ?? false;
}

/** A star of the narrow glob is matched by none but a star of the wide one, so that the text of one can be given to the other. */
const coversGlob = (wide: string, narrow: string): boolean => globOf(wide)(narrow);

type Namespace = NonNullable<Match['namespaces']>[number];

function coversNamespace(wide: Namespace, narrow: Namespace): boolean {
  if (typeof wide === 'string') return wide === '*' || (typeof narrow === 'string' && coversGlob(wide, narrow));
  if (typeof narrow === 'string') return false;
  return Object.entries(wide.labels).every(([key, value]) => narrow.labels[key] === value);
}

function coversResource(wide: string, narrow: string): boolean {
  if (wide === '*' || wide === narrow) return true;
  if (narrow === '*') return false;
  const [wideName = '', wideSub] = wide.split('/');
  const [name = '', sub] = narrow.split('/');
  if (wideSub !== '*' && wideSub !== sub) return false;
  if (wideName === '*' || wideName === name) return true;
  return wideName.startsWith('*.') && name.endsWith(wideName.slice(1));
}
