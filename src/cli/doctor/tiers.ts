import type { OpenCluster } from '../../cluster/open.ts';
import { type Asked, may, tryWrite, whoAmI } from '../../cluster/review.ts';
import type { TierName } from '../../cluster/tier.ts';
import type { Config } from '../../config.ts';
import type { RequestContext } from '../../domain/cluster.ts';
import { CountersignError } from '../../domain/errors.ts';
import { because, type Finding, fail, ok, warn } from './finding.ts';

type ClusterConfig = Config['clusters'][string];

const bindings = { group: 'rbac.authorization.k8s.io', resource: 'clusterroles' };
const policies = { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies' };

/** What nobody of ours should have: with one of these a tier is everything. */
const neverAny: readonly (readonly [string, Asked])[] = [
  ['impersonate any user', { verb: 'impersonate', resource: 'users' }],
  ['impersonate system:masters', { verb: 'impersonate', resource: 'groups', name: 'system:masters' }],
  ['escalate roles', { verb: 'escalate', ...bindings }],
  ['change admission policies', { verb: 'patch', ...policies }],
  ['reach nodes/proxy', { verb: 'get', resource: 'nodes', subresource: 'proxy' }],
];
const programs: readonly (readonly [string, Asked])[] = [
  ['run programs', { verb: 'create', resource: 'pods', subresource: 'exec' }],
  ['run programs by GET', { verb: 'get', resource: 'pods', subresource: 'exec' }],
];
const changes: readonly (readonly [string, Asked])[] = [
  ['create ConfigMaps', { verb: 'create', resource: 'configmaps' }],
  ['patch Deployments', { verb: 'patch', group: 'apps', resource: 'deployments' }],
  ['delete Pods', { verb: 'delete', resource: 'pods' }],
];

/** What each tier needs in the default namespace, and what it should not have there. */
const expected: Readonly<
  Record<TierName, { readonly must: readonly (readonly [string, Asked])[]; readonly never: typeof neverAny }>
> = {
  plan: {
    must: [
      ['list Pods', { verb: 'list', resource: 'pods' }],
      ['patch Deployments, for dry-runs', { verb: 'patch', group: 'apps', resource: 'deployments' }],
    ],
    never: [...neverAny, ...programs, ['delete Pods', { verb: 'delete', resource: 'pods' }]],
  },
  read: { must: [['list Pods', { verb: 'list', resource: 'pods' }]], never: [...neverAny, ...programs, ...changes] },
  write: {
    must: [['patch Deployments', { verb: 'patch', group: 'apps', resource: 'deployments' }]],
    never: [...neverAny, ...programs],
  },
  exec: {
    must: [programs[0] ?? ['run programs', { verb: 'create', resource: 'pods', subresource: 'exec' }]],
    never: [...neverAny, ...changes],
  },
  secretReader: {
    must: [
      ['list Secrets', { verb: 'list', resource: 'secrets' }],
      ['watch Secrets', { verb: 'watch', resource: 'secrets' }],
    ],
    never: [...neverAny, ...programs, ...changes],
  },
};

/** Asks the API server as each tier what it may do; one line a tier, and one for the credentials behind them. */
export async function checkTiers(
  name: string,
  config: ClusterConfig,
  cluster: OpenCluster,
  context: () => RequestContext,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const tier of Object.keys(expected) as TierName[]) {
    const become = config.tiers?.[tier];
    if (become === undefined) continue;
    findings.push(...(await checkTier(name, tier, cluster, context)));
    if (tier === 'plan' && become.user !== undefined) findings.push(await planningIsHeld(name, cluster, context()));
  }
  return findings;
}

async function checkTier(
  name: string,
  tier: TierName,
  cluster: OpenCluster,
  context: () => RequestContext,
): Promise<readonly Finding[]> {
  const where = `clusters.${name}.tiers.${tier}`;
  try {
    const api = cluster.api(tier, context());
    const bare = cluster.api(tier, context(), 'itself');
    const inside = (asked: Asked): Asked => ({ namespace: cluster.defaultNamespace, ...asked });
    const wrong: Finding[] = [];
    for (const [what, asked] of expected[tier].must)
      if (!(await may(api, inside(asked))))
        wrong.push(
          fail('rights', `${where} may not ${what}`, 'bind what docs/kubernetes/tiers.yaml and namespace.yaml give it'),
        );
    for (const [what, asked] of expected[tier].never)
      if (await may(api, inside(asked)))
        wrong.push(
          fail(
            'rights',
            `${where} may ${what}, which it must not`,
            'take that away from its user: docs/kubernetes/tiers.yaml has what it needs',
          ),
        );
    for (const [what, asked] of neverAny.slice(0, 2))
      if (await may(bare, asked))
        wrong.push(
          fail(
            'rights',
            `the credentials behind ${where} may ${what}: they can become anybody`,
            'give them resourceNames: docs/kubernetes/tiers.yaml, countersign-become-…',
          ),
        );
    if (wrong.length > 0) return wrong;
    return [ok('rights', `${where} is ${(await whoAmI(api)) ?? 'a user'} and may what it needs, not more`)];
  } catch (thrown) {
    const hint = thrown instanceof CountersignError ? thrown.hint : undefined;
    return [fail('rights', `${where}: ${because(thrown)}`, hint ?? 'look at its role and its user')];
  }
}

/** The API server must refuse a write of the planner: nothing else proves that the policy is in force. */
async function planningIsHeld(name: string, cluster: OpenCluster, context: RequestContext): Promise<Finding> {
  const where = `clusters.${name}.tiers.plan`;
  const apply = 'apply docs/kubernetes/planner.yaml with the user of this tier in it';
  const api = cluster.api('plan', context);
  const now = new Date().toISOString();
  const attempt = (dry: boolean): Promise<'done' | 'refused'> =>
    tryWrite(api, cluster.defaultNamespace, now, dry).then(
      () => 'done',
      (thrown: unknown) => {
        if (thrown instanceof CountersignError && thrown.code === 'Forbidden') return 'refused';
        throw thrown;
      },
    );
  try {
    if ((await attempt(true)) === 'refused')
      return warn(
        'planner',
        `${where} may not dry-run an Event, so whether it is held to dry-runs was not tried`,
        apply,
      );
    if ((await attempt(false)) === 'done')
      return fail('planner', `${where} could write: the admission policy is not in force`, apply);
    return ok('planner', `the API server holds ${where} to dry-runs`);
  } catch (thrown) {
    return fail('planner', `${where}: ${because(thrown)}`, apply);
  }
}
