import type { AuditEvent, AuditValue } from '../domain/audit-event.ts';
import type { AuditIds } from '../domain/audit-id.ts';
import type { Cluster, RequestContext } from '../domain/cluster.ts';
import { newInvocationId } from '../domain/environment.ts';
import type { Invocation } from '../domain/invocation.ts';
import { ident, type Masked } from '../domain/masked.ts';
import type { GatePorts } from './ports.ts';

type Fields = AuditEvent['fields'];

/** One call on its way: its id, its audit story, and the context in which the cluster is asked. */
export interface Call {
  readonly id: string;
  readonly invocation: Invocation;
  readonly startedAt: number;
  readonly auditIds: AuditIds;
  /** Keys that every later line of this call repeats, so that one grep tells the story. */
  story: Fields;
  /**
   * Begins to write RequestReceived while the call is planned: nothing leaves for the cluster and nothing is held or answered
   * before `intended`.
   */
  intend(fields: Fields): void;
  /** Resolves when RequestReceived is on disk. @throws AuditUnavailable */
  intended: Promise<void>;
  /** Resolves when the line is on disk. @throws AuditUnavailable */
  record(type: AuditEvent['type'], fields?: Fields): Promise<void>;
  /** Rides the next flush. */
  note(type: AuditEvent['type'], fields?: Fields): void;
  progress(note: Masked<string>): void;
  context(approval?: string): RequestContext;
}

/** `alone`: whether no other call is under way now. */
export function beginCall(ports: GatePorts, invocation: Invocation, alone: () => boolean): Call {
  const id = newInvocationId(ports.clock, ports.random);
  const { principal } = invocation;
  const auditIds = ports.auditIds(id);
  const event = (type: AuditEvent['type'], fields: Fields): AuditEvent => ({
    type,
    invocation: id,
    fields: { ...call.story, ...fields },
  });
  const call: Call = {
    id,
    invocation,
    startedAt: ports.clock.now(),
    auditIds,
    story: {
      tool: ident(invocation.tool.slice(0, 64)),
      principal: ident(principal.agent),
      ...(principal.person === undefined ? {} : { actingFor: ident(principal.person) }),
    },
    intended: Promise.resolve(),
    intend: (fields) => {
      call.intended = call.record('RequestReceived', fields);
      // Whoever needs it awaits it and is told; a call that is refused meanwhile does so at its end.
      call.intended.catch(() => undefined);
    },
    record: (type, fields = {}) => ports.audit.append(event(type, fields), alone()),
    note: (type, fields = {}) => ports.audit.note(event(type, fields)),
    progress: (note) => invocation.progress?.(note),
    context: (approval) => ({
      invocation: id,
      agent: principal.agent,
      ...(principal.person === undefined ? {} : { person: principal.person }),
      ...(approval === undefined ? {} : { approval }),
      nextAuditId: async () => {
        const id = auditIds.next();
        await call.intended;
        return id;
      },
      // A client that goes must not cut a mutation in the middle: only planning and waiting listen to it.
      signal: approval === undefined ? invocation.signal : new AbortController().signal,
    }),
  };
  return call;
}

export const idents = (values: readonly string[]): readonly AuditValue[] => values.map(ident);

/** The cluster of this call, its name told in every later audit line. @throws CountersignError when none is configured */
export async function clusterOf(ports: GatePorts, call: Call): Promise<Cluster> {
  const cluster = await ports.cluster();
  call.story = { ...call.story, cluster: ident(cluster.name) };
  return cluster;
}
