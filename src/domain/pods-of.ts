import { CountersignError, invalid } from './errors.ts';
import { isJsonObject, type Json, type JsonObject, listAt, objectAt, stringAt } from './json.ts';
import { checkName, objectLabel, type ResourceType, resourceGroup } from './resource.ts';
import type { ToolPlanning } from './tool-contract.ts';

/**
 * The pods that a name means: itself, or those that a workload selects, by name and at most so many.
 * @throws NotFound for a workload that is not there or has no pod now; Invalid for a kind that selects none
 */
export async function podsOf(
  planning: ToolPlanning,
  pods: ResourceType,
  namespace: string,
  asked: { readonly resource: string | undefined; readonly name: string },
  most: number,
): Promise<{ readonly names: readonly string[]; readonly more: number }> {
  if (asked.resource === undefined) return { names: [asked.name], more: 0 };
  const type = await planning.resolve(asked.resource);
  if (resourceGroup(type) === 'pods') return { names: [asked.name], more: 0 };
  if (!type.namespaced)
    throw invalid(`${resourceGroup(type)} have no pods`, 'name a pod, or a workload such as deploy/web');
  const object = { type, namespace, name: checkName(asked.name) };
  const workload = await planning.get(object);
  if (workload === undefined)
    throw new CountersignError('NotFound', `Not found: ${objectLabel(object)}`, {
      hint: `look with get which ${resourceGroup(type)} are there`,
    });
  const selector = selectorOf(workload);
  if (selector === undefined)
    throw invalid(`${objectLabel(object)} does not select pods`, 'name a pod, or a workload such as deploy/web');
  const { items, more, total } = await planning.listMetadata({
    type: pods,
    namespace,
    labelSelector: selector,
    limit: 500,
  });
  const names = items.flatMap((item) => stringAt(item, 'metadata', 'name') ?? []).sort();
  if (names.length === 0)
    throw new CountersignError('NotFound', `${objectLabel(object)} has no pods now`, {
      hint: 'look with get and output=describe why it has none',
    });
  const all = more ? (total ?? names.length + 1) : names.length;
  return { names: names.slice(0, most), more: Math.max(0, all - most) };
}

/** As a query has it; undefined: it selects nothing by labels. Of a Service the selector is the labels themselves. */
function selectorOf(workload: JsonObject): string | undefined {
  const selector = objectAt(workload, 'spec', 'selector');
  if (selector === undefined) return undefined;
  const plain = selector.matchLabels === undefined && selector.matchExpressions === undefined;
  const labels = plain ? selector : (objectAt(selector, 'matchLabels') ?? {});
  const parts = [
    ...Object.entries(labels).flatMap(([key, value]) => (typeof value === 'string' ? [`${key}=${value}`] : [])),
    ...listAt(selector, 'matchExpressions').flatMap(expression),
  ];
  return parts.length === 0 ? undefined : parts.join(',');
}

function expression(value: Json): readonly string[] {
  if (!isJsonObject(value)) return [];
  const key = stringAt(value, 'key') ?? '';
  const values = listAt(value, 'values').join(',');
  const forms: Readonly<Record<string, string>> = {
    In: `${key} in (${values})`,
    NotIn: `${key} notin (${values})`,
    Exists: key,
    DoesNotExist: `!${key}`,
  };
  const form = forms[stringAt(value, 'operator') ?? ''];
  return form === undefined ? [] : [form];
}
