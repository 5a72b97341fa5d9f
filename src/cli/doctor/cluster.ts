import { join } from 'node:path';
import { openCluster } from '../../cluster/open.ts';
import type { Config } from '../../config.ts';
import { auditIds } from '../../domain/audit-id.ts';
import type { RequestContext } from '../../domain/cluster.ts';
import { newInvocationId } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';
import { packageRoot } from '../../package.ts';
import { systemClock, systemRandom } from '../../system.ts';
import { because, type Finding, fail, ok, warn } from './finding.ts';
import { checkTiers } from './tiers.ts';

/** How to reach it, which cluster it is, and what the API server would refuse us by itself. */
export async function checkCluster(config: Config): Promise<readonly Finding[]> {
  const clusters = Object.entries(config.clusters);
  if (clusters.length === 0) {
    return [
      warn(
        'cluster',
        'none is configured: each call says so',
        'name one under clusters, or use countersign serve --sandbox',
      ),
    ];
  }
  const findings: Finding[] = [];
  for (const [name, cluster] of clusters) {
    findings.push(...(await reach(name, cluster)));
    if (!('sandbox' in cluster)) findings.push(...isolation(config, name), ...impersonation(name, cluster));
  }
  return findings;
}

async function reach(name: string, config: Config['clusters'][string]): Promise<readonly Finding[]> {
  try {
    const refuse = (): never => {
      throw new CountersignError('Internal', 'the doctor executes nothing');
    };
    const cluster = openCluster({ name, config, redeem: refuse, clock: systemClock });
    try {
      const identity = await cluster.identity(ownContext());
      const ca = identity.caDigest === '' ? '' : `, caDigest ${identity.caDigest}`;
      const arn = identity.arn === undefined ? '' : `, ${identity.arn}`;
      const answers = ok('cluster', `${cluster.name} answers; uid ${identity.uid}${ca}${arn}`);
      return [...(await baseIdentity(config)), answers, ...(await checkTiers(name, config, cluster, ownContext))];
    } finally {
      await cluster.close();
    }
  } catch (thrown) {
    const hint = thrown instanceof CountersignError ? thrown.hint : undefined;
    const todo = hint ?? 'check the kubeconfig, the context and the network';
    return [fail('cluster', `${name}: ${because(thrown)}`, todo)];
  }
}

/** The context of the doctor's own questions; trust policies that ask for an approval see that it is none. */
function ownContext(): RequestContext {
  const invocation = newInvocationId(systemClock, systemRandom);
  const ids = auditIds(systemRandom.bytes(32), invocation);
  return {
    ...{ invocation, agent: 'countersign-doctor', approval: 'cs-doctor' },
    nextAuditId: async () => ids.next(),
    signal: AbortSignal.timeout(15_000),
  };
}

/** Whose credentials assume the roles. That this user has them is the hole where agents run as the same user. */
async function baseIdentity(config: Config['clusters'][string]): Promise<readonly Finding[]> {
  if (!('eks' in config)) return [];
  const { createAws } = await import('../../cluster/eks/aws.ts');
  return [ok('aws', `the base identity is ${await createAws(config.eks).caller()}`)];
}

function isolation(config: Config, name: string): readonly Finding[] {
  const what = 'whoever has a shell as this user can read the state and the credentials';
  if (config.approvals.local === 'sudo')
    return [ok('isolation', 'agents reach this server through sudo, as another user')];
  if (config.isolation === undefined) {
    return [
      fail('isolation', `${name} is not served over stdio: ${what}`, 'accept that with `isolation: accept-same-user`'),
    ];
  }
  return [warn('isolation', `accept-same-user: ${what}`, 'keep the agent from a shell as this user')];
}

/** Without them the API server cannot tell planning from writing: a bug here could write. */
function impersonation(name: string, cluster: Config['clusters'][string]): readonly Finding[] {
  const manifests = join(packageRoot, 'docs', 'kubernetes');
  const tiers = [
    ['plan', 'planning is not held to dry-runs by the API server'],
    ['read', 'reads could write'],
    ['write', 'the cluster log does not name agent and approval'],
    ['exec', 'what changes objects can run programs too'],
    ['secretReader', 'the masker reads Secrets with the same identity that serves agents'],
  ] as const;
  const missing = tiers.filter(([tier]) => cluster.tiers?.[tier] === undefined);
  if (missing.length === 0)
    return [ok('roles', `${name} impersonates a user of its own for planning, writing and masking`)];
  return missing.map(([tier, lost]) =>
    warn(
      'roles',
      `clusters.${name}.tiers.${tier} is not set: ${lost}`,
      `apply the manifests in ${manifests} and name the user`,
    ),
  );
}
