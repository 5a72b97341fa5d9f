import type { Clock } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';
import type { EksClusterConfig } from '../config.ts';
import type { Endpoint } from '../connection.ts';
import type { Entrance } from '../entrance.ts';
import { type TierName, tierNames } from '../tier.ts';
import { type Aws, createAws, type DescribedCluster } from './aws.ts';
import { sessionName, sessionTags, sourceIdentity } from './session-name.ts';
import { RoleSessions } from './sessions.ts';

/** An EKS cluster by the roles of its tiers. Loads and asks nothing before the first request. */
export function eksEntrance(config: EksClusterConfig, clock: Clock, aws: Aws = createAws(config.eks)): Entrance {
  const sessions = new Map<TierName, RoleSessions>();
  for (const tier of tierNames) {
    const roleArn = config.tiers[tier]?.roleArn;
    const perApproval = tier === 'write' || tier === 'exec';
    if (roleArn !== undefined)
      sessions.set(tier, new RoleSessions({ aws, config: config.eks, roleArn, perApproval, clock }));
  }
  let endpoint: Endpoint | undefined;
  let looking: Promise<Endpoint> | undefined;
  const look = (): Promise<Endpoint> => {
    looking ??= lookUp(config, aws)
      .then((found) => {
        endpoint = found;
        return found;
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  return {
    get host() {
      return endpoint === undefined ? `${config.eks.cluster}, EKS ${config.eks.region}` : new URL(endpoint.origin).host;
    },
    namespace: undefined,
    reach: () => endpoint ?? look(),
    credentials: (tier) => sessions.get(tier),
  };
}

/** Endpoint and CA, once in a process: a CA that changes later is not followed, and fails the connection. */
async function lookUp({ eks, tiers }: EksClusterConfig, aws: Aws): Promise<Endpoint> {
  const server = {
    ...{ agent: 'countersign', issuer: undefined, subject: undefined, person: undefined, approval: undefined },
  };
  const credentials = await aws.assume({
    roleArn: tiers.plan.roleArn,
    sessionName: sessionName(eks.sessionName, server),
    sourceIdentity: eks.sourceIdentity ? sourceIdentity(server) : undefined,
    tags: sessionTags(server),
  });
  const described = await aws.describe(credentials);
  const account = tiers.plan.roleArn.split(':')[4] ?? '';
  const expected = `${tiers.plan.roleArn.split(':')[1]}:eks:${eks.region}:${account}:cluster/${eks.cluster}`;
  if (described.arn !== `arn:${expected}`)
    throw new CountersignError('Unavailable', `EKS describes another cluster: ${described.arn}, not arn:${expected}`, {
      hint: 'tell the operator: nothing is sent to it; correct eks.cluster, eks.region or the role of the tier plan',
    });
  return endpointOf(described);
}

function endpointOf({ arn, endpoint, ca }: DescribedCluster): Endpoint {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== 'https:' || url.pathname !== '/')
    throw new CountersignError('Unavailable', 'EKS names an endpoint that is not an https address', {
      hint: 'tell the operator: look at the cluster with aws eks describe-cluster',
    });
  return { origin: url.origin, basePath: '', tls: { ca, cert: undefined, key: undefined, servername: undefined }, arn };
}
