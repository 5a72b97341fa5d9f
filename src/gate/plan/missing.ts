import type { PlanningHandle } from '../../domain/cluster.ts';
import { CountersignError } from '../../domain/errors.ts';
import { stringAt } from '../../domain/json.ts';
import { nearest } from '../../domain/nearest.ts';
import type { ObjectRef } from '../../domain/resource.ts';

/** Not found, with the near names that this caller may list, and with the namespace named if that is what is missing. */
export async function missing(planning: PlanningHandle, object: ObjectRef): Promise<CountersignError> {
  const where = object.namespace === undefined ? '' : ` in namespace ${object.namespace}`;
  const names = await neighbours(planning, object);
  const close = nearest(object.name, names);
  const hint =
    close.length > 0 ? `use one of the close names: ${close.join(', ')}` : 'look with get which objects are there';
  return new CountersignError('NotFound', `Not found: ${object.type.kind} ${JSON.stringify(object.name)}${where}`, {
    lines: close.length > 0 ? [`Close: ${close.join(', ')}.`] : [],
    hint,
  });
}

async function neighbours(planning: PlanningHandle, { type, namespace }: ObjectRef): Promise<readonly string[]> {
  try {
    const { items } = await planning.listMetadata({ type, namespace, limit: 500 });
    return items.flatMap((item) => stringAt(item, 'metadata', 'name') ?? []);
  } catch {
    // The names are a courtesy: who may not list them, or cannot now, gets the plain answer.
    return [];
  }
}

/** Undefined where this caller may not get namespaces, or where it cannot be found out now. */
export async function namespaceExists(planning: PlanningHandle, name: string): Promise<boolean | undefined> {
  try {
    const type = await planning.resolveKind('v1', 'Namespace');
    return (await planning.get({ type, namespace: undefined, name })) !== undefined;
  } catch {
    return undefined;
  }
}
