import type { RequestDraft } from '../../domain/tool.ts';
import { completeApply } from './apply.ts';
import type { Completed, Completing } from './completed.ts';
import { completeDelete } from './delete.ts';
import { completeExec } from './exec.ts';
import { completeLogs } from './logs.ts';
import { completeScale } from './scale.ts';
import { refuseHiddenSelector } from './selectors.ts';

const atOnce = 8;

/** All objects are planned before anything runs; a handful at a time, so that a big call does not flood the API server. */
export async function completeAll(completing: Completing): Promise<readonly Completed[]> {
  const drafts = completing.all;
  if (drafts.every(isRead)) return drafts.map((read) => completeRead(completing, read));
  const completed: Completed[] = [];
  for (let start = 0; start < drafts.length; start += atOnce) {
    const some = drafts.slice(start, start + atOnce);
    const together = await Promise.all(some.map((draft) => complete(completing, draft)));
    completed.push(...together.filter((each) => each !== undefined));
  }
  return completed;
}

function complete(completing: Completing, draft: RequestDraft): Promise<Completed | undefined> {
  switch (draft.action) {
    case 'list':
    case 'get':
      return Promise.resolve(completeRead(completing, draft));
    case 'logs':
      return completeLogs(completing, draft);
    case 'apply':
      return completeApply(completing, draft);
    case 'delete':
      return completeDelete(completing, draft);
    case 'scale':
      return completeScale(completing, draft);
    case 'exec':
      return completeExec(completing, draft);
  }
}

type ReadDraft = Extract<RequestDraft, { action: 'get' | 'list' }>;
const isRead = (draft: RequestDraft): draft is ReadDraft => draft.action === 'get' || draft.action === 'list';

/** Nothing of a read depends on what the cluster says. @throws Invalid */
function completeRead({ gate }: Completing, request: ReadDraft): Completed {
  if (request.action === 'list') refuseHiddenSelector(gate.masker, request.type, request);
  return { request, sensitive: [] };
}
