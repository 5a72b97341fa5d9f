import type { RequestContext } from '../domain/cluster.ts';
import { ident } from '../domain/masked.ts';
import type { Tier } from './tier.ts';

/**
 * Flat name, value, name, value: repeated names leave as separate lines, else two groups become one bogus group.
 * Agent, person and approval go into extras, so that the cluster's own audit log names them; `/` of a key is sent as `%2f`.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
export function extraHeaders(tier: Tier, context: RequestContext): readonly string[] {
  if (tier.user === undefined) return [];
  const headers = ['impersonate-user', tier.user];
  for (const group of tier.groups) headers.push('impersonate-group', group);
  const extra = (key: string, value: string | undefined): void => {
    if (value !== undefined) headers.push(`impersonate-extra-countersign.dev%2f${key}`, ident(value));
  };
  extra('agent', context.agent);
  extra('person', context.person);
  extra('approval', context.approval);
  extra('invocation', context.invocation);
  return headers;
}
