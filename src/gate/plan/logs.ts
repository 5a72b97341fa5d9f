import type { LogsDraft } from '../../domain/tool.ts';
import type { Completed, Completing } from './completed.ts';
import { chooseContainer } from './container.ts';
import { missing } from './missing.ts';

/** The pod is read for its containers, and for the values that its environment spells out. */
export async function completeLogs({ planning }: Completing, draft: LogsDraft): Promise<Completed | undefined> {
  const { oneOfSeveral, container, ...request } = draft;
  const pod = await planning.get(draft.object);
  if (pod === undefined && oneOfSeveral) return undefined;
  if (pod === undefined) throw await missing(planning, draft.object);
  return {
    request: { ...request, container: chooseContainer(draft.object, pod, container, 'any') },
    sensitive: [],
    pod,
  };
}
