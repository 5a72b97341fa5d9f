import { noFields, type ObjectEffect } from '../../domain/effect.ts';
import { isJsonObject, type JsonObject, listAt, stringAt } from '../../domain/json.ts';
import type { DeleteDraft } from '../../domain/tool.ts';
import type { Completed, Completing } from './completed.ts';
import { countDependents } from './dependents.ts';
import { inDigestForm } from './digest-form.ts';
import { missing } from './missing.ts';

/**
 * A delete is never dry-run: with a body the API server would execute it. What it does is computed from reads.
 */
export async function completeDelete(completing: Completing, draft: DeleteDraft): Promise<Completed | undefined> {
  const { planning, bare, pinned } = completing;
  const { object } = draft;
  const live = await planning.get(object);
  if (live === undefined && pinned !== undefined && pinned.length > 1) return undefined;
  if (live === undefined) throw await missing(planning, object);
  const uid = stringAt(live, 'metadata', 'uid') ?? '';
  const resourceVersion = stringAt(live, 'metadata', 'resourceVersion') ?? '';
  return {
    request: { ...draft, uid, resourceVersion },
    effect: await effectOf(bare, draft, live, uid),
    sensitive: [],
    before: inDigestForm(completing.gate, object, live),
  };
}

async function effectOf(
  bare: Completing['bare'],
  draft: DeleteDraft,
  live: JsonObject,
  uid: string,
): Promise<ObjectEffect> {
  const { object } = draft;
  const finalizers = listAt(live, 'metadata', 'finalizers').filter((each): each is string => typeof each === 'string');
  const metadata = isJsonObject(live.metadata) ? live.metadata : {};
  return {
    object,
    action: 'delete',
    uid,
    ...noFields,
    deletesWith: draft.propagationPolicy === 'Orphan' ? [] : await countDependents(bare, object, live, uid),
    finalizers,
    terminating: typeof metadata.deletionTimestamp === 'string',
  };
}
