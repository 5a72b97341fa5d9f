import type { PlanningHandle } from '../../domain/cluster.ts';
import { stringAt } from '../../domain/json.ts';
import { resourceGroup } from '../../domain/resource.ts';
import type { ApplyDraft } from '../../domain/tool.ts';
import type { Completing } from './completed.ts';

const definitions = 'customresourcedefinitions.apiextensions.k8s.io';

/** Why the effect of this apply cannot be tried out before it runs; undefined: it can. */
export async function whyUnknown({ all, bare }: Completing, draft: ApplyDraft): Promise<string | undefined> {
  const { type, namespace } = draft.object;
  if (type.servedBy === 'aggregated')
    return 'another server behind the API server serves this kind, and its dry-run proves nothing';
  const applies = all.filter((each): each is ApplyDraft => each.action === 'apply');
  const space = applies.find(({ object }) => resourceGroup(object.type) === 'namespaces' && object.name === namespace);
  if (space !== undefined && !(await isThere(bare, space))) return 'its namespace is made by the same call';
  const definition = applies.find((each) => resourceGroup(each.object.type) === definitions && defines(each, draft));
  // What Kubernetes itself serves no definition makes, whatever it says.
  if (type.servedBy === 'crd' && definition !== undefined && !(await isThere(bare, definition)))
    return 'its kind is defined by the same call';
  return undefined;
}

const defines = ({ manifest }: ApplyDraft, { object: { type } }: ApplyDraft): boolean =>
  stringAt(manifest, 'spec', 'group') === type.group && stringAt(manifest, 'spec', 'names', 'plural') === type.resource;

const isThere = async (planning: PlanningHandle, { object }: ApplyDraft): Promise<boolean> =>
  (await planning.get(object)) !== undefined;
