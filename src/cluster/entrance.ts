import type { Connection, Endpoint, TierCredentials } from './connection.ts';
import type { TierName } from './tier.ts';

/** The way to one API server, whatever leads there: a kubeconfig, a pod's service account, roles of AWS. */
export interface Entrance {
  /** `host:port`, or what the cluster is called as long as that is not known; what errors name. */
  readonly host: string;
  readonly namespace: string | undefined;
  /** Found out once; after a failure the next one who asks tries again. @throws Unavailable */
  reach(): Endpoint | Promise<Endpoint>;
  /** Undefined: this tier has no role, so nothing that needs it is sent. */
  credentials(tier: TierName): TierCredentials | undefined;
}

/** One set of credentials for all tiers. */
export const entranceOf = (connection: Connection): Entrance => ({
  host: connection.host,
  namespace: connection.namespace,
  reach: () => connection,
  credentials: () => connection.credentials,
});
