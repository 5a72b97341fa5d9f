import { invalid } from '../../domain/errors.ts';
import { type JsonObject, listAt, objectAt, stringAt } from '../../domain/json.ts';
import { type ObjectRef, objectLabel } from '../../domain/resource.ts';

const lists = { running: ['containers'], any: ['containers', 'initContainers', 'ephemeralContainers'] } as const;

/**
 * The container that a call means: the named one, the one that the pod's annotation prefers, or the only one.
 * `of`: programs run in those that run; logs are of those that have ended too.
 * @throws Invalid, naming the containers
 */
export function chooseContainer(
  object: ObjectRef,
  pod: JsonObject,
  asked: string | undefined,
  of: keyof typeof lists,
): string {
  const namesIn = (list: string): readonly string[] =>
    listAt(pod, 'spec', list).flatMap((each) => stringAt(each, 'name') ?? []);
  const names = namesIn('containers');
  const all = lists[of].flatMap(namesIn);
  if (asked !== undefined) {
    if (all.includes(asked)) return asked;
    throw invalid(
      `${objectLabel(object)} has no container ${JSON.stringify(asked)}`,
      `its containers: ${all.join(', ')}`,
    );
  }
  const annotations = objectAt(pod, 'metadata', 'annotations');
  const preferred = stringAt(annotations, 'kubectl.kubernetes.io/default-container');
  if (preferred !== undefined && names.includes(preferred)) return preferred;
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  throw invalid(`${objectLabel(object)} has several containers`, `name one as "container": ${all.join(', ')}`);
}
