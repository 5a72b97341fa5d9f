import type { PlanningHandle } from '../../domain/cluster.ts';
import { CountersignError } from '../../domain/errors.ts';
import { deriveFacts } from '../../domain/facts/derive.ts';
import { labelsOf, type NamespaceLabels, namespaceTouched } from '../../domain/facts/environment.ts';
import type { Facts } from '../../domain/facts/facts.ts';
import { factsRecord } from '../../domain/facts/recorded.ts';
import { lazy } from '../../domain/lazy.ts';
import { byteLength, type Ident, ident, jsonText, type Masked } from '../../domain/masked.ts';
import { accessOf, isMutating, type PlannedRequest } from '../../domain/request.ts';
import type { ResourceType } from '../../domain/resource.ts';
import type { Gate } from '../gate.ts';
import type { Completed } from './completed.ts';

/** What fits into a line of the audit log beside everything else. */
const longestInLine = 32 * 1024;

/** The facts of a plan, derived when they are asked for; the objects that they are read off are not kept for longer. */
export function factsOf(
  gate: Gate,
  bare: PlanningHandle,
  completed: readonly Completed[],
): (() => Facts) | Promise<() => Facts> {
  const seen = completed.map(({ request, effect, before, after, body }) => ({ request, effect, before, after, body }));
  const asked = seen.filter(({ request }) => isMutating(request) || readsLabels(gate, request)).map(namespaceTouched);
  if (asked.length === 0) return lazy(() => deriveFacts({ seen, namespaceLabels: {} }));
  return namespaceLabels(bare, asked).then((labels) => {
    const facts = deriveFacts({ seen, namespaceLabels: labels });
    return () => facts;
  });
}

/** What is known of a read before it is made: not the labels of its namespace, so a rule that reads those does not allow it. */
export function factsOfRead(type: ResourceType, namespace: string | undefined, verb: 'get' | 'list'): Facts {
  const request: PlannedRequest =
    verb === 'list'
      ? { action: 'list', type, namespace, limit: 1, representation: 'object' }
      : { action: 'get', object: { type, namespace, name: '' }, representation: 'object' };
  const nothing = { effect: undefined, before: undefined, after: undefined, body: undefined };
  return deriveFacts({ seen: [{ request, ...nothing }], namespaceLabels: undefined });
}

/** A read costs no request for labels that no rule looks at. */
function readsLabels(gate: Gate, request: PlannedRequest): boolean {
  const policy = gate.policy();
  const { verb } = accessOf(request);
  return policy.readsFact('namespaceLabels', verb) || policy.readsFact('environment', verb);
}

/** A namespace that may not be read has no labels here, not even empty ones, so that no rule passes on a default. */
async function namespaceLabels(
  planning: PlanningHandle,
  touched: readonly (string | undefined)[],
): Promise<NamespaceLabels> {
  const names = [...new Set(touched)].filter((name): name is string => name !== undefined && name !== '*');
  if (names.length === 0) return {};
  try {
    const type = await planning.resolveKind('v1', 'Namespace');
    const read = await Promise.all(
      names.map(async (name) => [name, labelsOf(await planning.get({ type, namespace: undefined, name }))] as const),
    );
    return Object.fromEntries(read);
  } catch (thrown) {
    if (thrown instanceof CountersignError && thrown.code === 'Forbidden') return undefined;
    throw thrown;
  }
}

/** What a line of the audit log holds of the facts, so that a call can be judged again: them, or the digest of the file beside it. */
export async function recordedFacts(
  { audit, masker }: Gate,
  facts: Facts,
): Promise<{ readonly facts: Masked<string> } | { readonly factsDigest: Ident }> {
  const text = jsonText(factsRecord(facts, (each) => masker.text(each)));
  if (byteLength(text) <= longestInLine) return { facts: text };
  return { factsDigest: ident(await audit.attach(text)) };
}
