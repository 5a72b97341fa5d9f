import { noFields } from '../../domain/effect.ts';
import { CountersignError } from '../../domain/errors.ts';
import { isJsonObject, type JsonObject, listAt, numberAt, stringAt } from '../../domain/json.ts';
import { objectLabel } from '../../domain/resource.ts';
import type { ExecDraft } from '../../domain/tool.ts';
import type { Completed, Completing } from './completed.ts';
import { chooseContainer } from './container.ts';
import { inDigestForm } from './digest-form.ts';
import { missing } from './missing.ts';

/** The container that is running now is what gets reviewed: another one at the time of connecting ends the session. */
export async function completeExec({ gate, planning }: Completing, draft: ExecDraft): Promise<Completed> {
  const { object } = draft;
  const pod = await planning.get(object);
  if (pod === undefined) throw await missing(planning, object);
  const container = chooseContainer(object, pod, draft.container, 'running');
  const running = runningContainer(draft, pod, container);
  return {
    request: {
      action: 'exec',
      object,
      container,
      command: draft.command,
      ...(draft.stdin === undefined ? {} : { stdin: draft.stdin }),
      timeoutSeconds: draft.timeoutSeconds,
      uid: stringAt(pod, 'metadata', 'uid') ?? '',
      ...running,
    },
    effect: {
      object,
      action: 'exec',
      uid: stringAt(pod, 'metadata', 'uid') ?? '',
      ...noFields,
      unknown: 'a program can do anything that its container may do',
    },
    sensitive: [],
    before: inDigestForm(gate, object, pod),
    pod,
  };
}

function runningContainer(
  draft: ExecDraft,
  pod: JsonObject,
  container: string,
): { containerId: string; restartCount: number; startedAt: string } {
  const status = listAt(pod, 'status', 'containerStatuses').find(
    (each) => isJsonObject(each) && each.name === container,
  );
  const startedAt = stringAt(status, 'state', 'running', 'startedAt');
  const containerId = stringAt(status, 'containerID');
  if (startedAt === undefined || containerId === undefined) {
    throw new CountersignError('Conflict', `Container ${container} of ${objectLabel(draft.object)} is not running`, {
      conflict: 'gone',
      hint: 'look at the pod with get and output=describe, and choose one that runs',
    });
  }
  return { containerId, restartCount: numberAt(status, 'restartCount') ?? 0, startedAt };
}
