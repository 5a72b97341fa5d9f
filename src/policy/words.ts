import type { Principal } from '../domain/principal.ts';
import type { Bundle } from './bundle.ts';
import { globOf } from './match.ts';
import { slotsOf } from './requirement.ts';
import type { Rule } from './rule.ts';

/** The rules that concern a caller, each as one line; what is left to say of a broken bundle is that it denies. */
export interface PolicyInWords {
  readonly bundleDigest: string;
  readonly fault: string | undefined;
  readonly never: readonly string[];
  readonly waits: readonly string[];
  readonly flows: readonly string[];
}

/** What of a bundle is about this principal. Of conditions the description speaks: they are not shown. */
export function policyInWords(bundle: Bundle, principal: Principal): PolicyInWords {
  const rules = (bundle.rules ?? []).filter(({ match }) => concerns(match.principal, principal));
  const said = (effect: Rule['effect']): readonly string[] =>
    rules
      .filter((rule) => rule.effect === effect)
      .map(inWords)
      .sort();
  return {
    bundleDigest: bundle.digest,
    fault: bundle.fault,
    never: said('deny'),
    waits: said('review'),
    flows: said('allow'),
  };
}

function concerns(wanted: Rule['match']['principal'], principal: Principal): boolean {
  if (wanted === undefined) return true;
  return (
    (wanted.agents?.some((glob) => globOf(glob)(principal.agent)) ?? true) &&
    (wanted.groups?.some((group) => principal.groups.includes(group)) ?? true) &&
    (wanted.issuers?.includes(principal.issuer) ?? true) &&
    (wanted.verified === undefined || wanted.verified === principal.verified)
  );
}

function inWords({ name, description, match, effect, require: needs }: Rule): string {
  const about = [
    listed('tools', match.tools),
    listed('verbs', match.verbs),
    listed('resources', match.resources),
    listed('namespaces', match.namespaces?.map(namespaceInWords)),
    listed('clusters', match.clusters),
    match.clusterScoped === undefined ? [] : [match.clusterScoped ? 'in no namespace' : 'in a namespace'],
  ].flat();
  const where = about.length === 0 ? '' : ` (${about.join('; ')})`;
  return `${name}: ${description}${where}${effect === 'review' ? ` ${peopleInWords(needs)}` : ''}`;
}

const listed = (what: string, values: readonly string[] | undefined): readonly string[] =>
  values === undefined ? [] : [`${what} ${values.join(', ')}`];

const namespaceInWords = (each: NonNullable<Rule['match']['namespaces']>[number]): string =>
  typeof each === 'string'
    ? each
    : `labelled ${Object.entries(each.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(',')}`;

const peopleInWords = (needs: Rule['require']): string =>
  `Needs ${slotsOf(needs)
    .map(({ group, count }) => `${count} ${group === undefined ? (count === 1 ? 'person' : 'people') : `of ${group}`}`)
    .join(' and ')}.`;
