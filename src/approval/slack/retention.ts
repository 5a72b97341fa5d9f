import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { State } from '../../domain/state.ts';
import { createHeardStore } from './heard.ts';
import type { Ledger } from './posted.ts';

/** Forgets what is known of approvals in Slack that were moved away when they were old: nobody votes on them any more. */
export async function forgetMovedAway(state: State, ledger: Ledger): Promise<void> {
  const folder = await state.folder('approvals');
  const isKept = async (approval: string): Promise<boolean> => !(await isGone(join(folder, approval)));
  for (const { approval, complete } of await ledger.entries())
    if (complete && !(await isKept(approval))) await ledger.remove(approval);
  await createHeardStore(state).sweep(isKept);
}

/** Only what is certainly not there is gone. */
async function isGone(path: string): Promise<boolean> {
  try {
    await access(path);
    return false;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
  }
}
