import type { AuditEvent, AuditValue, Meanwhile } from '../domain/audit-event.ts';
import type { AuditIds } from '../domain/audit-id.ts';
import type { Cluster, RequestContext } from '../domain/cluster.ts';
import { newInvocationId } from '../domain/environment.ts';
import { never, type Signal } from '../domain/hangup.ts';
import type { Invocation } from '../domain/invocation.ts';
import { type JsonObject, stringAt } from '../domain/json.ts';
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
  /** Values of Secrets that were hidden in what this call shows. */
  hits: number;
  /** What the caller wrote: its input, or that of the call that it goes on with. */
  written: unknown;
  /**
   * Begins to write RequestReceived: nothing leaves for the cluster and nothing is held or answered before `intended`. `meanwhile`:
   * what the call does until then.
   */
  intend(fields: Fields, meanwhile: Meanwhile): void;
  /** Resolves when RequestReceived is on disk. @throws AuditUnavailable */
  intended: Promise<void>;
  /** Resolves when the line is on disk. @throws AuditUnavailable */
  record(type: AuditEvent['type'], fields?: Fields): Promise<void>;
  /** Rides the next flush. */
  note(type: AuditEvent['type'], fields?: Fields): void;
  progress(note: Masked<string>): void;
  /** `until`: what ends a request that stays open; without it one that changes something is never cut in the middle. */
  context(approval?: string, until?: Signal): RequestContext;
}

/** `atWork`: how many calls are doing something now. */
export const beginCall = (ports: GatePorts, invocation: Invocation, atWork: () => number): Call =>
  new GovernedCall(ports, invocation, atWork);

class GovernedCall implements Call {
  readonly id: string;
  readonly invocation: Invocation;
  readonly startedAt: number;
  readonly auditIds: AuditIds;
  story: Fields;
  hits = 0;
  written: unknown;
  intended: Promise<void> = Promise.resolve();
  readonly #ports: GatePorts;
  readonly #atWork: () => number;
  #reading: RequestContext | undefined;

  constructor(ports: GatePorts, invocation: Invocation, atWork: () => number) {
    const { principal } = invocation;
    this.#ports = ports;
    this.#atWork = atWork;
    this.invocation = invocation;
    this.written = invocation.input;
    this.id = newInvocationId(ports.clock, ports.random);
    this.startedAt = ports.clock.now();
    this.auditIds = ports.auditIds(this.id);
    // All keys that come later have their place: calls wait by the thousand, and an object that grows is a hash table.
    this.story = {
      tool: ident(invocation.tool.slice(0, 64)),
      principal: ident(principal.agent),
      actingFor: principal.person === undefined ? undefined : ident(principal.person),
      cluster: undefined,
      objects: undefined,
      manifestDigests: undefined,
      planDigest: undefined,
      rule: undefined,
      bundleDigest: undefined,
      approval: undefined,
    };
  }

  intend(fields: Fields, meanwhile: Meanwhile): void {
    this.intended = this.#append('RequestReceived', fields, meanwhile);
    // Whoever needs it awaits it and is told; a call that is refused meanwhile does so at its end.
    this.intended.catch(() => undefined);
  }

  record(type: AuditEvent['type'], fields: Fields = {}): Promise<void> {
    return this.#append(type, fields, 'waits');
  }

  note(type: AuditEvent['type'], fields: Fields = {}): void {
    this.#ports.audit.note(this.#event(type, fields));
  }

  progress(note: Masked<string>): void {
    this.invocation.progress?.(note);
  }

  context(approval?: string, until?: Signal): RequestContext {
    if (approval !== undefined) return new CallContext(this, approval, until);
    this.#reading ??= new CallContext(this, undefined);
    return this.#reading;
  }

  #append(type: AuditEvent['type'], fields: Fields, meanwhile: Meanwhile): Promise<void> {
    return this.#ports.audit.append(this.#event(type, fields), meanwhile, this.#atWork());
  }

  #event(type: AuditEvent['type'], fields: Fields): AuditEvent {
    return { type, invocation: this.id, fields: { ...this.story, ...fields } };
  }
}

class CallContext implements RequestContext {
  readonly invocation: string;
  readonly agent: string;
  readonly issuer: string;
  readonly subject: string;
  readonly person?: string;
  readonly approval?: string;
  readonly signal: Signal;
  readonly #call: Call;

  constructor(call: Call, approval: string | undefined, until?: Signal) {
    const { principal, signal } = call.invocation;
    this.#call = call;
    this.invocation = call.id;
    this.agent = principal.agent;
    this.issuer = principal.issuer;
    this.subject = principal.subject;
    if (principal.person !== undefined) this.person = principal.person;
    if (approval !== undefined) this.approval = approval;
    // A client that goes must not cut a mutation in the middle: only planning and waiting listen to it.
    this.signal = approval === undefined ? signal : (until ?? never);
  }

  async nextAuditId(): Promise<string> {
    const id = this.#call.auditIds.next();
    await this.#call.intended;
    return id;
  }
}

export const idents = (values: readonly string[]): readonly AuditValue[] => values.map(ident);

/** The cluster that this call names, told in every later audit line. @throws CountersignError when there is none */
export async function clusterOf(ports: GatePorts, call: Call, input: JsonObject): Promise<Cluster> {
  const cluster = await ports.clusters.get(stringAt(input, 'context'));
  call.story = { ...call.story, cluster: ident(cluster.name) };
  return cluster;
}
