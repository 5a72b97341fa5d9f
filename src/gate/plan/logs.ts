import type { LogsDraft } from '../../domain/tool.ts';
import type { Completed, Completing } from './completed.ts';
import { chooseContainer } from './container.ts';
import { missing } from './missing.ts';

/**
 * A value, a key or an encoding over several lines that begins before those that are asked for is seen whole by the mask, which
 * then hides what of it is in the first line that is shown.
 */
const linesBefore = 64;

/** The pod is read for its containers, and for the values that its environment spells out. */
export async function completeLogs({ planning }: Completing, draft: LogsDraft): Promise<Completed | undefined> {
  const { oneOfSeveral, container, tailLines, ...request } = draft;
  const pod = await planning.get(draft.object);
  if (pod === undefined && oneOfSeveral) return undefined;
  if (pod === undefined) throw await missing(planning, draft.object);
  return {
    request: {
      ...request,
      tailLines: tailLines + linesBefore,
      linesBefore,
      container: chooseContainer(draft.object, pod, container, 'any'),
    },
    sensitive: [],
    pod,
  };
}
