import type { AuditLog } from '../../domain/audit-event.ts';
import type { AuditIds } from '../../domain/audit-id.ts';
import type { ClusterIdentity, Clusters, PlanningHandle, RequestContext } from '../../domain/cluster.ts';
import { digestForm } from '../../domain/digest.ts';
import { type Clock, newInvocationId, type Random } from '../../domain/environment.ts';
import type { Signal } from '../../domain/hangup.ts';
import type { Json } from '../../domain/json.ts';
import { ident } from '../../domain/masked.ts';
import type { Masker } from '../../domain/masker.ts';
import { resourceGroup } from '../../domain/resource.ts';
import type { Keyed } from '../../domain/state.ts';
import { isCode } from '../answer/refuse.ts';
import { judge, type Seen } from './judge.ts';
import { readSent, type Sent, type SentObject } from './sent.ts';

export interface LookPorts {
  readonly clusters: Clusters;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly auditIds: (invocation: string) => AuditIds;
  readonly masker: Pick<Masker, 'sensitivePaths' | 'echo'>;
  readonly keyed: Keyed;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: Signal;
  /** Whether another run than `except`, an approval or invocation, was authorized to change one of these objects since then. */
  readonly ranSince: (asked: {
    /** Milliseconds since the epoch. */
    readonly since: number;
    readonly cluster: string;
    readonly objects: readonly string[];
    readonly except: string;
  }) => Promise<boolean>;
}

/** Milliseconds before a run in which another one may have been authorized that was carried out after it. */
const overlap = 600_000;

/** A run whose outcome is unknown. */
export interface Lost {
  /** Of the approval, or of the invocation where nobody was asked. */
  readonly id: string;
  readonly cluster: ClusterIdentity;
  readonly objects: readonly string[];
  /** As `sentForm` made it; undefined: it is not kept any more. */
  readonly sent: Json | undefined;
}

/** What became of it, and what was seen. Unclear: a person has to look. */
export interface Found {
  readonly found: Seen['found'];
  readonly because: string;
}

/**
 * Reads what a run whose answer was lost was to change, with the identity that plans, and says what became of it where the
 * cluster tells. Sends nothing that changes anything.
 * @throws Unavailable and the like: try again later
 */
export async function look(ports: LookPorts, lost: Lost): Promise<Found> {
  const sent = readSent(lost.sent);
  if (sent === undefined) return { found: 'unclear', because: 'what was sent is not kept any more.' };
  const { found, why } = conclude(sent, await read(ports, lost, sent));
  if (found !== 'done') return { found, because: why };
  const { id, cluster, objects } = lost;
  const others = await ports.ranSince({ since: sent.time - overlap, cluster: cluster.name, objects, except: id });
  return others
    ? { found: 'unclear', because: `${why} Another run here was to change it at that time.` }
    : { found, because: why };
}

type Reading = readonly Seen[] | 'another cluster';

/** An invocation of the server's own, in the log before it is believed. */
async function read(ports: LookPorts, lost: Lost, sent: Sent): Promise<Reading> {
  const invocation = newInvocationId(ports.clock, ports.random);
  const ids = ports.auditIds(invocation);
  const context: RequestContext = {
    invocation,
    agent: 'countersign-look',
    nextAuditId: async () => ids.next(),
    signal: ports.signal,
  };
  try {
    const cluster = await ports.clusters.get(lost.cluster.name);
    if (!isSame(await cluster.identity(context, true), lost.cluster)) return 'another cluster';
    const planning = cluster.planning(context);
    const seen: Seen[] = [];
    for (const each of sent.objects) seen.push(await seeOne(ports, planning, sent, each));
    return seen;
  } finally {
    if (ids.count > 0)
      await ports.audit.append({
        type: 'OutcomeRead',
        invocation,
        fields: {
          ...(lost.id.startsWith('cs-') ? { approval: ident(lost.id) } : { of: ident(lost.id) }),
          cluster: ident(lost.cluster.name),
          objects: lost.objects.map(ident),
          auditIds: ids.count,
        },
      });
  }
}

const isSame = (now: ClusterIdentity, then: ClusterIdentity): boolean =>
  now.uid === then.uid && now.caDigest === then.caDigest;

async function seeOne(
  { masker, keyed }: LookPorts,
  planning: PlanningHandle,
  { keyId }: Sent,
  sent: SentObject,
): Promise<Seen> {
  try {
    const type = await planning.resolveKind(sent.apiVersion, sent.kind);
    if (resourceGroup(type) !== sent.resourceGroup) return { found: 'unclear', why: 'is of another kind by now' };
    const ref = { type, namespace: sent.namespace, name: sent.name };
    const raw = await planning.get(ref);
    if (raw === undefined) return judge(sent, undefined);
    const sensitive = masker.sensitivePaths(type, raw);
    return judge(sent, { object: digestForm(ref, raw, sensitive, (data) => keyed(data, keyId)), sensitive });
  } catch (thrown) {
    // What may not be read, or is of no kind that is served: it will not be different the next time.
    if (isCode(thrown, 'Forbidden')) return { found: 'unclear', why: 'may not be read' };
    if (isCode(thrown, 'Invalid', 'NotFound')) return { found: 'unclear', why: 'cannot be read any more' };
    throw thrown;
  }
}

/** Objects that are told one by one; the rest is counted. */
const mostTold = 5;

/** All of one kind, or a person has to look: what is done in part is neither. */
function conclude(sent: Sent, reading: Reading): { readonly found: Seen['found']; readonly why: string } {
  if (reading === 'another cluster')
    return { found: 'unclear', why: 'The cluster of that name is another one by now.' };
  const first = reading[0]?.found ?? 'unclear';
  const found = reading.every((each) => each.found === first) ? first : 'unclear';
  const told = sent.objects.slice(0, mostTold).map((each, index) => `${labelOf(each)} ${reading[index]?.why ?? ''}`);
  const more = sent.objects.length - told.length;
  return { found, why: `${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}.` };
}

const labelOf = ({ kind, namespace, name }: SentObject): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
