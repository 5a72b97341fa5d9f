import type { IdentityPins } from '../cluster/identity.ts';
import { type OpenCluster, openCluster } from '../cluster/open.ts';
import type { Config } from '../config.ts';
import { type Clusters, sandboxName } from '../domain/cluster.ts';
import type { Clock, Log } from '../domain/environment.ts';
import { CountersignError, invalid } from '../domain/errors.ts';
import type { RedeemGrant } from '../domain/grant.ts';

export interface ClusterSource extends Clusters {
  /** Opened at the first call. @throws CountersignError saying what to configure */
  get(name: string | undefined): Promise<OpenCluster>;
  /** Every one, opened. @throws as `get` does, for the first that cannot be */
  all(): Promise<readonly OpenCluster[]>;
  /** Of those that are open: what they are spoken to with. The same array while nothing changed. */
  credentialsInUse(): readonly string[];
  close(): Promise<void>;
}

export interface ClusterSourceOptions {
  readonly config: Config;
  readonly sandbox: boolean;
  /** Whether agents come over the network: then they are not this process's user. */
  readonly remote: boolean;
  readonly redeem: RedeemGrant;
  readonly pins?: IdentityPins;
  readonly clock: Clock;
  readonly log: Log;
}

/** The configured clusters, or the sandbox that this process runs itself; never one in place of another. */
export function createClusterSource(options: ClusterSourceOptions): ClusterSource {
  const closing: (() => Promise<void>)[] = [];
  const inUse: OpenCluster[] = [];
  let credentials: readonly string[] = [];
  const opened = new Map<string, Promise<OpenCluster>>();
  const open = async (name: string): Promise<OpenCluster> => {
    const { cluster, stop } = options.sandbox ? await openSandbox(options) : openConfigured(options, name);
    closing.push(() => cluster.close(), stop);
    inUse.push(cluster);
    return cluster;
  };
  const get = async (asked: string | undefined): Promise<OpenCluster> => {
    const name = options.sandbox ? sandboxOf(asked) : nameOf(options.config, asked);
    const known = opened.get(name);
    if (known !== undefined) return known;
    const opening = open(name).catch((thrown: unknown) => {
      opened.delete(name);
      throw thrown;
    });
    opened.set(name, opening);
    return opening;
  };
  return {
    get,
    all: () => {
      const names = Object.keys(options.config.clusters);
      return Promise.all((options.sandbox || names.length === 0 ? [undefined] : names).map(get));
    },
    credentialsInUse: () => {
      const now = inUse.flatMap((cluster) => cluster.credentialsInUse);
      if (now.length !== credentials.length || now.some((each, index) => each !== credentials[index]))
        credentials = now;
      return credentials;
    },
    close: async () => {
      for (const close of closing) await close();
    },
  };
}

interface Opened {
  readonly cluster: OpenCluster;
  readonly stop: () => Promise<void>;
}

function sandboxOf(asked: string | undefined): string {
  if (asked === undefined || asked === sandboxName) return sandboxName;
  throw unknownCluster(asked, [sandboxName]);
}

/** @throws Invalid for a name that is not configured, or where one must be given; Unavailable when there is none */
function nameOf({ clusters }: Config, asked: string | undefined): string {
  const names = Object.keys(clusters);
  if (names.length === 0) throw nothingConfigured();
  if (asked === undefined) {
    const [only, ...others] = names;
    if (only !== undefined && others.length === 0) return only;
    throw invalid('The call names no cluster', `give "context", one of ${names.join(', ')}`);
  }
  // A configured sandbox goes by the name that results and approvals show.
  const found = names.find((name) => publishedName(name, clusters) === asked) ?? names.find((name) => name === asked);
  if (found === undefined) throw unknownCluster(asked, names);
  return found;
}

const publishedName = (name: string, clusters: Config['clusters']): string => {
  const cluster = clusters[name];
  return cluster !== undefined && 'sandbox' in cluster ? sandboxName : name;
};

const unknownCluster = (asked: string, names: readonly string[]): CountersignError =>
  invalid(`Cluster ${JSON.stringify(asked)} is not configured here`, `the clusters are: ${names.join(', ')}`);

async function openSandbox({ redeem, clock }: ClusterSourceOptions): Promise<Opened> {
  const { startSandbox } = await import('../sandbox/server.ts');
  const { url, token, stop } = await startSandbox();
  const cluster = openCluster({ name: 'sandbox', config: { sandbox: { url, token } }, redeem, clock });
  return { cluster, stop };
}

function openConfigured({ config, remote, redeem, pins, clock }: ClusterSourceOptions, name: string): Opened {
  const cluster = config.clusters[name];
  if (cluster === undefined) throw nothingConfigured();
  // With sudo every caller is another user than the one who holds state and credentials.
  const isolated = remote || config.approvals.local === 'sudo' || config.isolation === 'accept-same-user';
  if (!isolated && !('sandbox' in cluster)) throw notIsolated(name);
  const opened = openCluster({ name, config: cluster, redeem, clock, ...(pins === undefined ? {} : { pins }) });
  return { cluster: opened, stop: async () => undefined };
}

const nothingConfigured = (): CountersignError =>
  new CountersignError('Unavailable', 'No cluster is configured', {
    hint: 'tell the user: run `countersign init` and name a cluster in countersign.yaml, or try `countersign serve --sandbox`',
  });

const notIsolated = (name: string): CountersignError =>
  new CountersignError(
    'Unavailable',
    `Cluster ${name} is not used over stdio: whoever has a shell as this user could read state and credentials`,
    {
      hint: 'tell the operator: let another user run the server (approvals.local: sudo), or write `isolation: accept-same-user` in the configuration to accept that',
    },
  );
