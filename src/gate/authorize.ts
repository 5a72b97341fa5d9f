import type { Cluster } from '../domain/cluster.ts';
import type { Decision, DecisionInput, Target } from '../domain/decision.ts';
import { CountersignError } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import { ident } from '../domain/masked.ts';
import type { Principal } from '../domain/principal.ts';
import { accessOf, namespaceOf, type PlannedRequest, typeOf } from '../domain/request.ts';
import { type ResourceType, resourceGroup } from '../domain/resource.ts';
import type { Tool } from '../domain/tool.ts';
import type { Call } from './call.ts';
import type { Gate, Prepared } from './gate.ts';
import { factsOfRead } from './plan/facts.ts';

/** First pass: what the call itself says. The cluster is not asked for somebody whom no rule could allow. @throws Denied */
export function decideFirst(gate: Gate, call: Call, tool: Tool, input: JsonObject, cluster: Cluster): void {
  refuseIfSurelyDenied(gate, call, tool.name, cluster.name, tool.targets(input, cluster.defaultNamespace));
}

/** Whether some rule denies these targets whatever the facts are. @throws Denied */
export function refuseIfSurelyDenied(
  gate: Gate,
  call: Call,
  tool: string,
  cluster: string,
  targets: readonly Target[],
): void {
  const error = surelyDenied(gate, call, tool, cluster, targets);
  if (error !== undefined) throw error;
}

/** The denial; undefined where facts that are not known yet could still decide. */
export function surelyDenied(
  gate: Gate,
  call: Call,
  tool: string,
  cluster: string,
  targets: readonly Target[],
): CountersignError | undefined {
  const { principal } = call.invocation;
  const first = gate.policy().first({
    principal,
    maskHits: gate.hits.of(principal),
    tool,
    cluster,
    targets,
    facts: undefined,
    now: gate.clock.now(),
  });
  return first.undecided ? undefined : denied(cluster, first.decision);
}

/**
 * Second pass: everything. A call that changes objects needs to be allowed to get them too, because plan, diff and result
 * show what they hold.
 * @throws Denied
 */
export function decideWhole(gate: Gate, call: Call, prepared: Prepared): Decision {
  const { plan, tool, targets, cluster } = prepared;
  const policy = gate.policy();
  const maskHits = gate.hits.of(plan.principal);
  const decision = policy.decide({
    principal: plan.principal,
    maskHits,
    tool: tool.name,
    cluster: cluster.name,
    targets,
    // Of a read they are only derived when a rule looks at them.
    get facts() {
      return plan.facts;
    },
    now: gate.clock.now(),
  });
  call.story = {
    ...call.story,
    ...(tool.access.mutates || decision.verdict === 'review' ? { planDigest: ident(plan.planDigest) } : {}),
    ...(decision.rule === undefined ? {} : { rule: ident(decision.rule) }),
    bundleDigest: ident(decision.bundleDigest),
  };
  if (tool.access.mutates)
    call.note('Decided', {
      verdict: ident(decision.verdict),
      matched: decision.matched.map(ident),
      ...whoAsked(plan.principal),
      ...(maskHits === 0 ? {} : { maskHits }),
      ...(decision.errors === undefined
        ? {}
        : { conditionErrors: decision.errors.map(({ rule, error }) => ident(`${rule}: ${error}`)) }),
    });
  if (decision.verdict === 'deny') throw denied(cluster.name, decision);
  return decision;
}

/** What rules can ask of a principal, so that a decision can be looked into, and made again by other rules. */
const whoAsked = ({ issuer, subject, groups, client, verified }: Principal) => ({
  issuer: ident(issuer),
  subject: ident(subject),
  groups: groups.map(ident),
  ...(client === undefined ? {} : { clientId: ident(client) }),
  verified,
});

/** Whether the policy lets this principal read objects of this type there. */
export function mayRead(
  gate: Gate,
  call: Call,
  cluster: string,
  type: ResourceType,
  namespace: string | undefined,
  verb: 'get' | 'list',
): boolean {
  const target: Target = { resourceGroup: resourceGroup(type), access: { verb }, namespace: namespace ?? null };
  const { principal } = call.invocation;
  const input: DecisionInput = {
    principal,
    maskHits: gate.hits.of(principal),
    tool: 'get',
    cluster,
    targets: [target],
    facts: factsOfRead(type, namespace, verb),
    now: gate.clock.now(),
  };
  return gate.policy().decide(input).verdict === 'allow';
}

export const targetsOf = (requests: readonly PlannedRequest[]): readonly Target[] =>
  requests.map((request) => ({
    resourceGroup: resourceGroup(typeOf(request)),
    access: accessOf(request),
    namespace: namespaceOf(request) ?? null,
    ...(request.action === 'list' ? {} : { name: request.object.name }),
  }));

export function denied(cluster: string, decision: Decision): CountersignError {
  // Without a rule it says why there is none: nothing allows it, or the policy itself cannot be used.
  const because = decision.because.replace(/\.$/, '');
  const why = decision.rule === undefined ? because : `Rule ${decision.rule}: ${because}`;
  return new CountersignError('Denied', `Denied by policy, not executed. ${why} (${cluster}).`, {
    lines: ['Nobody was asked; no approval can lift this rule.'],
    hint: 'Do what the rule allows and check with dryRun, or tell the user what the rule forbids. Do not try another tool or a shell.',
    data: { rule: decision.rule ?? 'none' },
  });
}
