import type { Cluster, PlanningHandle } from '../domain/cluster.ts';
import type { Target } from '../domain/decision.ts';
import { callDigest } from '../domain/digest.ts';
import type { ObjectEffect } from '../domain/effect.ts';
import type { CountersignError } from '../domain/errors.ts';
import { type Json, type JsonObject, stringAt } from '../domain/json.ts';
import type { Plan } from '../domain/plan.ts';
import type { Principal } from '../domain/principal.ts';
import type { PlannedRequest } from '../domain/request.ts';
import { type ObjectRef, objectId, resourceGroup } from '../domain/resource.ts';
import type { Drafted, Tool } from '../domain/tool.ts';
import { surelyDenied, targetsOf } from './authorize.ts';
import { type Call, idents } from './call.ts';
import type { Gate, Pin, Prepared } from './gate.ts';
import { completeAll } from './plan/complete.ts';
import type { Completed, Completing, Scopes } from './plan/completed.ts';
import { DraftedPlan } from './plan/drafted.ts';
import { factsOf, recordedFacts } from './plan/facts.ts';
import { GuardedPlanning } from './plan/guarded-planning.ts';
import { missing, namespaceExists } from './plan/missing.ts';
import { objectScope } from './reach.ts';

/**
 * The plan: what the tool wants, completed with what the cluster says now (effect, preconditions, facts), and its digest.
 * `pinned` names the objects that a selector meant when the plan was approved.
 */
export async function draft(
  gate: Gate,
  call: Call,
  tool: Tool,
  input: JsonObject,
  cluster: Cluster,
  pinned?: readonly Pin[],
): Promise<Prepared> {
  call.written = input;
  const bare = cluster.planning(call.context());
  const planning = new GuardedPlanning(gate, call, cluster.name, bare, pinned);
  const drafted = await tool.plan(input, planning);
  const { mutates } = tool.access;
  const scopes = mutates ? valuesBeside(gate, call, cluster, drafted) : noScopes;
  // What the API server says to the plan comes first.
  scopes.catch(() => undefined);
  const completed = await completeOrDeny({ gate, call, tool, cluster, drafted, planning, bare, pinned, scopes });
  if (mutates) await scopes;
  cluster.checkRoles(completed.map(({ request }) => request));
  const identity = await cluster.identity(call.context(), pinned !== undefined);
  const facts = await factsOf(gate, bare, completed);
  const plan = new DraftedPlan(gate, { identity, principal: call.invocation.principal, tool, completed, facts }, [
    ...(drafted.notes ?? []),
    ...gone(
      pinned,
      completed.map(({ request }) => request),
    ),
  ]);
  tellPlan(call, plan);
  if (mutates) await recordPlan(gate, call, plan, stringAt(input, 'reason'));
  return new DraftedCall({ gate, call, tool, input, cluster, planning, plan, pinned, ...shown(completed, drafted) });
}

const shown = (completed: readonly Completed[], { view = null }: Drafted) => ({
  view,
  pods: new Map(
    completed.flatMap(({ request, pod }) =>
      pod === undefined || request.action === 'list' ? [] : [[objectId(request.object), pod] as const],
    ),
  ),
});

interface DraftedParts {
  readonly gate: Gate;
  readonly call: Call;
  readonly tool: Tool;
  readonly input: JsonObject;
  readonly cluster: Cluster;
  readonly planning: PlanningHandle;
  readonly plan: DraftedPlan;
  readonly pinned: readonly Pin[] | undefined;
  readonly view: Json;
  readonly pods: ReadonlyMap<string, JsonObject>;
}

class DraftedCall implements Prepared {
  readonly tool: Tool;
  readonly input: JsonObject;
  readonly cluster: Cluster;
  readonly plan: DraftedPlan;
  readonly view: Json;
  readonly pods: ReadonlyMap<string, JsonObject>;
  readonly targets: readonly Target[];
  readonly #parts: DraftedParts;
  #callDigest: string | undefined;

  constructor(parts: DraftedParts) {
    this.tool = parts.tool;
    this.input = parts.input;
    this.cluster = parts.cluster;
    this.plan = parts.plan;
    this.view = parts.view;
    this.pods = parts.pods;
    this.targets = targetsOf(parts.plan.requests);
    this.#parts = parts;
  }

  get objectDigests(): readonly string[] {
    return this.plan.objectDigests;
  }

  get callDigest(): string {
    this.#callDigest ??= callDigestOf(this.plan.principal, this.cluster.name, this.tool.name, this.input);
    return this.#callDigest;
  }

  get pinned(): readonly Pin[] {
    return this.#parts.pinned ?? pinsOf(this.plan.effects);
  }

  again(): Promise<Prepared> {
    const { gate, call, tool, input, cluster } = this.#parts;
    return draft(gate, call, tool, input, cluster, this.pinned);
  }

  namespaceExists(namespace: string): Promise<boolean | undefined> {
    return namespaceExists(this.#parts.planning, namespace);
  }

  missing(object: ObjectRef): Promise<CountersignError> {
    return missing(this.#parts.planning, object);
  }
}

/** A diff shows what is there now: what Secrets beside it hold is known before it is shown. Costs nothing once they are watched. */
async function valuesBeside(gate: Gate, call: Call, cluster: Cluster, { requests }: Drafted): Promise<Scopes> {
  const namespaces = new Set(
    requests.flatMap((request) => (request.action === 'list' ? [] : [request.object.namespace])),
  );
  const scopes = [...namespaces].map(
    async (namespace) => [namespace, await objectScope(gate, call, cluster.name, namespace, 'reduced')] as const,
  );
  return new Map(await Promise.all(scopes));
}

const noScopes: Promise<Scopes> = Promise.resolve(new Map());

interface Completable extends Omit<Completing, 'all'> {
  readonly call: Call;
  readonly tool: Tool;
  readonly cluster: Cluster;
  readonly drafted: Drafted;
}

/** A draft that fails is told only if no rule denies the call anyway: a denial comes first. */
async function completeOrDeny(parts: Completable): Promise<readonly Completed[]> {
  const { gate, call, tool, cluster, drafted, ...completing } = parts;
  try {
    return await completeAll({ gate, all: drafted.requests, ...completing });
  } catch (thrown) {
    const deniedAs = possibleTargets(tool, drafted).map((targets) =>
      surelyDenied(gate, call, tool.name, cluster.name, targets),
    );
    throw deniedAs.every((error) => error !== undefined) ? (deniedAs[0] ?? thrown) : thrown;
  }
}

/** Before an apply is planned nobody knows whether it creates: it is denied for sure only if it is as both. */
const possibleTargets = (tool: Tool, { requests }: Drafted): readonly (readonly Target[])[] =>
  (['patch', 'create'] as const).map((verb) =>
    requests.map((request) => ({
      resourceGroup: resourceGroup(request.action === 'list' ? request.type : request.object.type),
      access: request.action === 'apply' ? { verb } : tool.access,
      namespace: (request.action === 'list' ? request.namespace : request.object.namespace) ?? null,
      ...(request.action === 'list' ? {} : { name: request.object.name }),
    })),
  );

/** In every later audit line. */
function tellPlan(call: Call, plan: Plan): void {
  // As long as it is: what grows item by item is given room for sixteen, and is kept while people decide.
  const objects = plan.requests.filter((request) => request.action !== 'list').map(({ object }) => objectId(object));
  call.story = {
    ...call.story,
    ...(objects.length === 0 ? {} : { objects }),
    ...(plan.manifestDigests.length === 0 ? {} : { manifestDigests: idents(plan.manifestDigests) }),
  };
}

async function recordPlan(gate: Gate, call: Call, plan: Plan, reason: string | undefined): Promise<void> {
  call.note('Planned', {
    planDigest: idents([plan.planDigest])[0],
    ...(await recordedFacts(gate, plan.facts)),
    reason: reason === undefined ? undefined : gate.masker.echo(reason),
  });
}

/** What makes two calls the same: everything but the words around it. */
export const callDigestOf = (principal: Principal, cluster: string, tool: string, input: JsonObject): string =>
  callDigest(principal, cluster, tool, withoutWords(input));

const withoutWords = (input: JsonObject): JsonObject => {
  const { reason: _, dryRun: __, ...rest } = input;
  return rest;
};

/** What a selector meant when the plan was approved and what somebody else deleted since. */
const gone = (pinned: readonly Pin[] | undefined, requests: readonly PlannedRequest[]): readonly string[] =>
  (pinned ?? [])
    .filter(({ name }) => !requests.some((request) => request.action !== 'list' && request.object.name === name))
    .map(({ name, namespace }) => `${namespace === undefined ? '' : `${namespace}/`}${name} was gone already`);

const pinsOf = (effects: readonly ObjectEffect[]): readonly Pin[] =>
  effects.flatMap(({ object, uid, action }) =>
    uid === undefined || action !== 'delete' ? [] : [{ namespace: object.namespace, name: object.name, uid }],
  );
