import {
  type Cluster,
  type ClusterIdentity,
  type RequestContext,
  type SecretReader,
  sandboxName,
} from '../domain/cluster.ts';
import type { Clock } from '../domain/environment.ts';
import type { Grant, RedeemGrant } from '../domain/grant.ts';
import { checkNamespace } from '../domain/resource.ts';
import { Api } from './api.ts';
import { ApiClient } from './api-client.ts';
import type { ClusterConfig } from './config.ts';
import { connectionFor, type PodEnvironment } from './connect.ts';
import { Discovery } from './discovery.ts';
import { Execution } from './execution.ts';
import { Granted } from './granted.ts';
import { caDigest, readIdentity } from './identity.ts';
import { type Tier, tierOf } from './impersonation.ts';
import { Planning } from './planning.ts';
import { Secrets } from './secret-reader.ts';

export interface OpenClusterOptions {
  /** Our name for it. The sandbox has its own, which nobody can mistake for a cluster. */
  readonly name: string;
  readonly config: ClusterConfig;
  readonly redeem: RedeemGrant;
  readonly clock: Clock;
  /** For `inCluster`; the process's own unless a test says otherwise. */
  readonly pod?: PodEnvironment;
  /** Milliseconds for one request; 10,000 unless a test says otherwise. */
  readonly callMs?: number;
}

export interface OpenCluster extends Cluster {
  /** For the masker, with an identity of its own where one is configured. The context belongs to an invocation of the server's. */
  secretReader(context: RequestContext): SecretReader;
}

/**
 * One configured cluster. Reads the kubeconfig, sends nothing.
 * @throws Invalid with what is wrong with the kubeconfig and what to change
 */
export function openCluster(options: OpenClusterOptions): OpenCluster {
  const { config, clock, redeem } = options;
  const connection = connectionFor(config, clock, options.pod);
  const sandbox = 'sandbox' in config;
  const name = sandbox ? sandboxName : options.name;
  const defaultNamespace = checkNamespace(config.namespace ?? connection.namespace ?? 'default');
  const client = new ApiClient(connection, options.callMs);
  const discovery = new Discovery(clock);
  const ca = connection.tls === undefined ? '' : caDigest(connection.tls.ca);
  const planner = tierOf(config.planner);
  const writer = tierOf(config.writer);
  const masker = tierOf(config.secretReader);
  const unserved = (): void => discovery.invalidate();
  const api = (tier: Tier, context: RequestContext): Api => new Api(client, tier, context, unserved);
  let identity: ClusterIdentity | undefined;
  return {
    name,
    defaultNamespace,
    sandbox,
    identity: async (context, fresh = false) => {
      if (identity === undefined || fresh) identity = await readIdentity(name, ca, api(writer, context));
      return identity;
    },
    planning: (context) => new Planning(defaultNamespace, api(planner, context), discovery),
    execution: (grant: Grant, context) => {
      const granted = new Granted(redeem(grant).requests);
      return new Execution(granted, api(writer, context), discovery, { connection, clock });
    },
    secretReader: (context) => new Secrets(api(masker, context)),
    close: () => client.close(),
  };
}
