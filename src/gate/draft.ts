import type { Cluster, PlanningHandle } from '../domain/cluster.ts';
import type { Target } from '../domain/decision.ts';
import { callDigest, objectDigests, planDigestOf, requestForm } from '../domain/digest.ts';
import type { ObjectEffect } from '../domain/effect.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import { lazy } from '../domain/lazy.ts';
import type { Plan } from '../domain/plan.ts';
import type { Principal } from '../domain/principal.ts';
import type { PlannedRequest } from '../domain/request.ts';
import { objectId, resourceGroup } from '../domain/resource.ts';
import type { Drafted, Tool, ToolPlanning } from '../domain/tool.ts';
import { surelyDenied, targetsOf } from './authorize.ts';
import { type Call, idents } from './call.ts';
import type { Gate, Pin, Prepared } from './gate.ts';
import { completeAll } from './plan/complete.ts';
import type { Completed } from './plan/completed.ts';
import { factsOf, recordedFacts } from './plan/facts.ts';
import { guardPlanning } from './plan/guarded-planning.ts';
import { missing, namespaceExists } from './plan/missing.ts';

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
  const bare = cluster.planning(call.context());
  const planning = guardPlanning(gate, call, cluster.name, bare);
  const drafted = await tool.plan(input, toolPlanning(gate, call, planning, pinned));
  const completed = await completeOrDeny(gate, call, tool, cluster, drafted, planning, bare, pinned);
  const requests = completed.map(({ request }) => request);
  const effects = completed.flatMap(({ effect }) => (effect === undefined ? [] : [effect]));
  // A read that is allowed is bound to its requests alone, and never asks for digests.
  const digests = lazy(() =>
    objectDigests(
      completed.map((each) => formOf(gate, each)),
      effects,
    ),
  );
  const principal = call.invocation.principal;
  const identity = await cluster.identity(call.context(), pinned !== undefined);
  const facts = await factsOf(gate, bare, completed);
  const planDigest = lazy(() => planDigestOf({ cluster: identity, principal, tool: tool.name }, digests()));
  const plan: Plan = {
    cluster: identity,
    principal,
    tool: tool.name,
    requests,
    effects,
    get facts() {
      return facts();
    },
    get planDigest() {
      return planDigest();
    },
    manifestDigests: completed.flatMap(({ manifestDigest }) => manifestDigest ?? []),
    notes: [...(drafted.notes ?? []), ...gone(pinned, requests)],
  };
  await recordPlan(gate, call, tool, plan);
  return {
    tool,
    input,
    cluster,
    plan,
    get objectDigests() {
      return digests();
    },
    view: drafted.view ?? null,
    targets: targetsOf(requests),
    get callDigest() {
      return callDigestOf(principal, cluster.name, tool.name, input);
    },
    pinned: pinned ?? pinsOf(effects),
    again: () => draft(gate, call, tool, input, cluster, pinned ?? pinsOf(effects)),
    namespaceExists: (namespace) => namespaceExists(planning, namespace),
    missing: (object) => missing(planning, object),
  };
}

function toolPlanning(
  gate: Gate,
  call: Call,
  planning: PlanningHandle,
  pinned: readonly Pin[] | undefined,
): ToolPlanning {
  return {
    ...planning,
    cursor: (id) => gate.cursors.find(call.invocation.principal, id),
    ...(pinned === undefined ? {} : { pinned }),
  };
}

/** A draft that fails is told only if no rule denies the call anyway: a denial comes first. */
async function completeOrDeny(
  gate: Gate,
  call: Call,
  tool: Tool,
  cluster: Cluster,
  drafted: Drafted,
  planning: PlanningHandle,
  bare: PlanningHandle,
  pinned: readonly Pin[] | undefined,
): Promise<readonly Completed[]> {
  try {
    return await completeAll(gate, drafted.requests, planning, bare, pinned);
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

const formOf = (gate: Gate, { request, sensitive }: Completed): Json => requestForm(request, sensitive, gate.keyed);

async function recordPlan(gate: Gate, call: Call, tool: Tool, plan: Plan): Promise<void> {
  const objects = plan.requests.flatMap((request) => (request.action === 'list' ? [] : [objectId(request.object)]));
  call.story = {
    ...call.story,
    ...(objects.length === 0 ? {} : { objects }),
    ...(plan.manifestDigests.length === 0 ? {} : { manifestDigests: idents(plan.manifestDigests) }),
  };
  if (!tool.access.mutates) return;
  call.note('Planned', { planDigest: idents([plan.planDigest])[0], ...(await recordedFacts(gate, plan.facts)) });
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
