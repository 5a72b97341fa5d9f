import type { AuditLog } from '../domain/audit-event.ts';
import type { AuditIds } from '../domain/audit-id.ts';
import type { RequestContext, SecretReader } from '../domain/cluster.ts';
import { type Clock, newInvocationId, type Random } from '../domain/environment.ts';
import type { Signal } from '../domain/hangup.ts';
import { ident } from '../domain/masked.ts';
import type { ClusterSource } from './cluster-source.ts';

export interface AuditedSecretReaderOptions {
  readonly clusters: ClusterSource;
  readonly audit: AuditLog;
  readonly ids: (invocation: string) => AuditIds;
  readonly clock: Clock;
  readonly random: Random;
}

/** Milliseconds for a list. */
const patience = 30_000;

/** The masker's reads in the cluster of this name, each an invocation of the server's own in the log. */
export function createAuditedSecretReader(options: AuditedSecretReaderOptions, name: string): SecretReader {
  const begin = async (namespace: string, signal: Signal) => {
    const cluster = await options.clusters.get(name);
    const invocation = newInvocationId(options.clock, options.random);
    const ids = options.ids(invocation);
    const context: RequestContext = {
      invocation,
      agent: 'countersign-masker',
      nextAuditId: async () => ids.next(),
      signal,
    };
    const note = (verb: 'list' | 'watch'): void =>
      options.audit.note({
        type: 'SecretsRead',
        invocation,
        fields: {
          cluster: ident(cluster.name),
          verb: ident(verb),
          objects: [ident(`Secret/${namespace}`)],
          auditIds: ids.count,
        },
      });
    return { reader: cluster.secretReader(context), note };
  };
  return {
    listSecrets: async (namespace) => {
      const { reader, note } = await begin(namespace, AbortSignal.timeout(patience));
      try {
        return await reader.listSecrets(namespace);
      } finally {
        note('list');
      }
    },
    watchSecrets: async (namespace, resourceVersion, watcher) => {
      const { reader, note } = await begin(namespace, watcher.signal);
      const opened = (): void => {
        note('watch');
        watcher.opened();
      };
      const { changed, deleted, signal } = watcher;
      await reader.watchSecrets(namespace, resourceVersion, { opened, changed, deleted, signal });
    },
  };
}
