import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createHeardStore } from '../../../../src/approval/slack/heard.ts';
import { createSlackRig, type SlackRig } from '../../../support/slack-rig.ts';

let rig: SlackRig;
beforeEach(async () => {
  rig = await createSlackRig();
});
afterEach(() => rig.end());

it('forgets what stands in Slack of an approval when it was moved away, and of no other', async () => {
  const { state, ledger } = rig.first;
  const heard = createHeardStore(state);
  const [old, kept, open] = [await rig.ask(), await rig.ask(), await rig.ask()];
  for (const { id } of [old, kept, open]) await heard.mark(id, '1.1');
  await rig.first.settle(1);
  for (const { id } of [old, kept]) await rig.vote(id, 'ana', 'deny');
  await rig.first.settle(5);
  await rename(join(await state.folder('approvals'), old.id), join(await state.folder('approvals-finished'), old.id));
  rig.rig.clock.step(3_600_000);
  await rig.first.settle(1);
  const left = [kept.id, open.id].toSorted();
  expect((await ledger.entries()).map(({ approval }) => approval).toSorted()).toEqual(left);
  expect((await readdir(await state.folder('slack-heard'))).toSorted()).toEqual(left);
});
