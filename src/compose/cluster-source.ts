import { type OpenCluster, openCluster } from '../cluster/open.ts';
import type { Config } from '../config.ts';
import type { Clock, Log } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import type { RedeemGrant } from '../domain/grant.ts';

export interface ClusterSource {
  /** Opened at the first call. @throws CountersignError saying what to configure */
  get(): Promise<OpenCluster>;
  close(): Promise<void>;
}

export interface ClusterSourceOptions {
  readonly config: Config;
  readonly sandbox: boolean;
  readonly redeem: RedeemGrant;
  readonly clock: Clock;
  readonly log: Log;
}

/** The configured cluster, or the sandbox that this process runs itself; never one in place of the other. */
export function createClusterSource(options: ClusterSourceOptions): ClusterSource {
  const closing: (() => Promise<void>)[] = [];
  let opened: Promise<OpenCluster> | undefined;
  const open = async (): Promise<OpenCluster> => {
    const { cluster, stop } = options.sandbox ? await openSandbox(options) : openConfigured(options);
    closing.push(() => cluster.close(), stop);
    return cluster;
  };
  return {
    get: () => {
      opened ??= open().catch((thrown: unknown) => {
        opened = undefined;
        throw thrown;
      });
      return opened;
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

async function openSandbox({ redeem, clock }: ClusterSourceOptions): Promise<Opened> {
  const { startSandbox } = await import('../sandbox/server.ts');
  const { url, token, stop } = await startSandbox();
  const cluster = openCluster({ name: 'sandbox', config: { sandbox: { url, token } }, redeem, clock });
  return { cluster, stop };
}

function openConfigured({ config, redeem, clock }: ClusterSourceOptions): Opened {
  const [first] = Object.entries(config.clusters);
  if (first === undefined) throw nothingConfigured();
  const [name, cluster] = first;
  // With sudo every caller is another user than the one who holds state and credentials.
  const isolated = config.approvals.local === 'sudo' || config.isolation === 'accept-same-user';
  if (!isolated && !('sandbox' in cluster)) throw notIsolated(name);
  return { cluster: openCluster({ name, config: cluster, redeem, clock }), stop: async () => undefined };
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
