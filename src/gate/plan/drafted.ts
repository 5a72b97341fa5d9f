import type { ClusterIdentity } from '../../domain/cluster.ts';
import { objectDigests, planDigestOf, requestForm } from '../../domain/digest.ts';
import type { ObjectEffect } from '../../domain/effect.ts';
import type { Facts } from '../../domain/facts/facts.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Principal } from '../../domain/principal.ts';
import type { PlannedRequest } from '../../domain/request.ts';
import type { Tool } from '../../domain/tool.ts';
import type { Gate } from '../gate.ts';
import type { Completed } from './completed.ts';

interface Parts {
  readonly identity: ClusterIdentity;
  readonly principal: Principal;
  readonly tool: Tool;
  readonly completed: readonly Completed[];
  readonly facts: () => Facts;
}

/** A plan whose facts and digests are made when they are asked for: a read that is allowed is bound to its requests alone. */
export class DraftedPlan implements Plan {
  readonly cluster: ClusterIdentity;
  readonly principal: Principal;
  readonly tool: string;
  readonly requests: readonly PlannedRequest[];
  readonly effects: readonly ObjectEffect[];
  readonly manifestDigests: readonly string[];
  readonly notes: readonly string[];
  readonly #facts: () => Facts;
  /** Until the digests are made; what they are made of is let go then. */
  #undigested: { readonly gate: Gate; readonly completed: readonly Completed[] } | undefined;
  #objectDigests: readonly string[] = [];
  #planDigest: string | undefined;

  constructor(gate: Gate, { identity, principal, tool, completed, facts }: Parts, notes: readonly string[]) {
    this.cluster = identity;
    this.principal = principal;
    this.tool = tool.name;
    this.requests = completed.map(({ request }) => request);
    this.effects = completed.flatMap(({ effect }) => effect ?? []);
    this.manifestDigests = completed.flatMap(({ manifestDigest }) => manifestDigest ?? []);
    this.notes = notes;
    this.#facts = facts;
    this.#undigested = { gate, completed };
  }

  get facts(): Facts {
    return this.#facts();
  }

  /** One a request, in order. */
  get objectDigests(): readonly string[] {
    if (this.#undigested !== undefined) {
      const { gate, completed } = this.#undigested;
      const forms = completed.map(({ request, sensitive }) => requestForm(request, sensitive, gate.keyed));
      this.#objectDigests = objectDigests(forms, this.effects, gate.keyed);
      this.#undigested = undefined;
    }
    return this.#objectDigests;
  }

  get planDigest(): string {
    const { cluster, principal, tool } = this;
    this.#planDigest ??= planDigestOf({ cluster, principal, tool }, this.objectDigests);
    return this.#planDigest;
  }
}
