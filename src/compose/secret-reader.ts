import type { AuditLog } from '../domain/audit-event.ts';
import type { AuditIds } from '../domain/audit-id.ts';
import type { RequestContext, SecretReader } from '../domain/cluster.ts';
import { type Clock, newInvocationId, type Random } from '../domain/environment.ts';
import { ident } from '../domain/masked.ts';
import type { ClusterSource } from './cluster-source.ts';

export interface AuditedSecretReaderOptions {
  readonly clusters: ClusterSource;
  readonly audit: AuditLog;
  readonly ids: (invocation: string) => AuditIds;
  readonly clock: Clock;
  readonly random: Random;
}

/** The masker's reads in the cluster of this name, each an invocation of the server's own in the log. */
export function createAuditedSecretReader(options: AuditedSecretReaderOptions, name: string): SecretReader {
  const reader = async (namespace: string, what: string): Promise<{ reader: SecretReader; done: () => void }> => {
    const cluster = await options.clusters.get(name);
    const invocation = newInvocationId(options.clock, options.random);
    const ids = options.ids(invocation);
    const context: RequestContext = {
      invocation,
      agent: 'countersign-masker',
      nextAuditId: async () => ids.next(),
      signal: AbortSignal.timeout(30_000),
    };
    const done = (): void =>
      options.audit.note({
        type: 'SecretsRead',
        invocation,
        fields: { cluster: ident(cluster.name), objects: [ident(`${what}/${namespace}`)], auditIds: ids.count },
      });
    return { reader: cluster.secretReader(context), done };
  };
  return {
    get: async (namespace, kind, name) => {
      const { reader: own, done } = await reader(namespace, kind);
      try {
        return await own.get(namespace, kind, name);
      } finally {
        done();
      }
    },
    listSecrets: async (namespace) => {
      const { reader: own, done } = await reader(namespace, 'Secret');
      try {
        return await own.listSecrets(namespace);
      } finally {
        done();
      }
    },
  };
}
