import {
  type Cluster,
  type ClusterIdentity,
  type RequestContext,
  type SecretReader,
  sandboxName,
} from '../domain/cluster.ts';
import type { Clock } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import type { Grant, RedeemGrant } from '../domain/grant.ts';
import { checkNamespace } from '../domain/resource.ts';
import { Api } from './api.ts';
import { ApiClient } from './api-client.ts';
import type { ClusterConfig } from './config.ts';
import { connectionFor, type PodEnvironment } from './connect.ts';
import { Discovery } from './discovery.ts';
import { eksEntrance } from './eks/entrance.ts';
import { type Entrance, entranceOf } from './entrance.ts';
import { Execution } from './execution.ts';
import { Granted } from './granted.ts';
import { checkPinned, type IdentityPins, readIdentity } from './identity.ts';
import { Planning } from './planning.ts';
import { Secrets } from './secret-reader.ts';
import { type Tier, type TierName, tierFor, tierNames, tierOf } from './tier.ts';

export interface OpenClusterOptions {
  /** Our name for it. The sandbox has its own, which nobody can mistake for a cluster. */
  readonly name: string;
  readonly config: ClusterConfig;
  readonly redeem: RedeemGrant;
  readonly clock: Clock;
  /** What is remembered of clusters that were seen before; without it only what the configuration says is compared. */
  readonly pins?: IdentityPins;
  /** For `inCluster`; the process's own unless a test says otherwise. */
  readonly pod?: PodEnvironment;
  /** Milliseconds for one request; 10,000 unless a test says otherwise. */
  readonly callMs?: number;
}

export interface OpenCluster extends Cluster {
  /** For the masker, with an identity of its own where one is configured. The context belongs to an invocation of the server's. */
  secretReader(context: RequestContext): SecretReader;
  /** What it speaks with, to be masked wherever it stands; the same array while nothing changed. */
  readonly credentialsInUse: readonly string[];
  /** What `doctor` asks with, as one tier or as the credentials themselves. @throws Forbidden when the tier has no role */
  api(tier: TierName, context: RequestContext, as?: 'itself'): Api;
}

/**
 * One configured cluster. Reads the kubeconfig, sends nothing.
 * @throws Invalid with what is wrong with the kubeconfig and what to change
 */
export function openCluster(options: OpenClusterOptions): OpenCluster {
  const { config, clock, redeem } = options;
  const entrance = entranceFor(options);
  const sandbox = 'sandbox' in config;
  const name = sandbox ? sandboxName : options.name;
  const defaultNamespace = checkNamespace(config.namespace ?? entrance.namespace ?? 'default');
  const client = new ApiClient(entrance, options.callMs);
  const discovery = new Discovery(clock);
  const tiers = tiersOf(config, entrance);
  const unserved = (): void => discovery.invalidate();
  const api = (tier: TierName, context: RequestContext, as?: 'itself'): Api => {
    const found = tiers.get(tier) ?? noRole(name, tier);
    return new Api(client, as === undefined ? found : tierOf(undefined, found.credentials), context, unserved);
  };
  let identity: ClusterIdentity | undefined;
  const identify = async (context: RequestContext): Promise<ClusterIdentity> => {
    const read = await readIdentity(name, await entrance.reach(), api('plan', context));
    checkPinned(read, { ...config.identity, ...identity });
    if (!sandbox && identity === undefined) await options.pins?.check(read);
    identity = read;
    return read;
  };
  return {
    name,
    defaultNamespace,
    sandbox,
    identity: (context, fresh = false) => (identity !== undefined && !fresh ? identity : identify(context)),
    planning: (context) => new Planning(defaultNamespace, api('plan', context), discovery),
    checkRoles: (requests) => {
      for (const request of requests) if (!tiers.has(tierFor(request))) noRole(name, tierFor(request));
    },
    execution: (grant: Grant, context) => {
      const granted = new Granted(redeem(grant).requests);
      return new Execution(granted, (tier) => api(tier, context), discovery, clock);
    },
    get credentialsInUse() {
      return client.credentialsInUse;
    },
    secretReader: (context) => new Secrets(api('secretReader', context)),
    api,
    close: () => client.close(),
  };
}

function entranceFor({ config, clock, pod }: OpenClusterOptions): Entrance {
  return 'eks' in config ? eksEntrance(config, clock) : entranceOf(connectionFor(config, clock, pod));
}

function tiersOf(config: ClusterConfig, entrance: Entrance): ReadonlyMap<TierName, Tier> {
  const tiers = new Map<TierName, Tier>();
  for (const name of tierNames) {
    const credentials = entrance.credentials(name);
    if (credentials !== undefined) tiers.set(name, tierOf(config.tiers?.[name], credentials));
  }
  return tiers;
}

function noRole(cluster: string, tier: TierName): never {
  throw new CountersignError('Forbidden', `Countersign has no role for this in cluster ${cluster}: ${tier}`, {
    hint: `tell the operator: name one in clusters.${cluster}.tiers.${tier}.roleArn, or leave it out so that nobody can`,
  });
}
