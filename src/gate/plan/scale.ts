import { noFields } from '../../domain/effect.ts';
import { CountersignError, invalid } from '../../domain/errors.ts';
import { objectLabel } from '../../domain/resource.ts';
import type { ScaleDraft } from '../../domain/tool.ts';
import type { Completed, Completing } from './completed.ts';
import { inDigestForm } from './digest-form.ts';
import { missing } from './missing.ts';

/** Replicas are read with the resourceVersion that the patch is bound to; a uid is ignored there for CRDs. */
export async function completeScale({ gate, planning }: Completing, draft: ScaleDraft): Promise<Completed> {
  const { object, replicas } = draft;
  if (!object.type.subresources.includes('scale')) {
    throw invalid(
      `${object.type.kind} cannot be scaled`,
      'scale takes deployments, statefulsets, replicasets and kinds with a scale subresource',
    );
  }
  // The object itself too: what is multiplied, and who owns it.
  const [state, live] = await Promise.all([planning.scale(object), planning.get(object)]);
  if (state === undefined) throw await missing(planning, object);
  if (draft.currentReplicas !== undefined && draft.currentReplicas !== state.replicas) {
    throw new CountersignError(
      'Conflict',
      `${objectLabel(object)} has ${state.replicas} replicas, not ${draft.currentReplicas}`,
      {
        conflict: 'race',
        hint: 'look at it again with get, then scale with the right currentReplicas or without it',
      },
    );
  }
  return {
    request: { action: 'scale', object, replicas, uid: state.uid, resourceVersion: state.resourceVersion },
    effect: {
      object,
      action: state.replicas === replicas ? 'unchanged' : 'scale',
      uid: state.uid,
      ...noFields,
      changes: [{ path: 'spec.replicas', from: state.replicas, to: replicas, hidden: false }],
    },
    sensitive: [],
    before: live === undefined ? undefined : inDigestForm(gate, object, live),
  };
}
