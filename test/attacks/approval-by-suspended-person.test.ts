import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApprovals } from '../../src/approval/service.ts';
import { votersOf } from '../../src/compose/voters.ts';
import type { Approvals } from '../../src/domain/approval.ts';
import { openSuspensions, type SuspensionStore } from '../../src/identity/suspensions.ts';
import { createRig, draft, oneOfSre, people, person, type Rig } from '../support/approvals.ts';

let rig: Rig;
let suspensions: SuspensionStore;
let approvals: Approvals;
beforeEach(async () => {
  rig = await createRig();
  const { state, log } = rig.deps;
  suspensions = await openSuspensions({ state, log });
  approvals = createApprovals({ ...rig.deps, people: votersOf(people, suspensions) });
});
afterEach(async () => {
  suspensions.close();
  await rig.end();
});

const stolen = { name: 'ana@example.com', reason: 'stolen laptop', by: 'ops', at: 0 };
const vote = (id: string, name: string) =>
  approvals.vote(id, { person: person(name), decision: 'approve', comment: undefined, channel: 'terminal' });

/** Whoever has the laptop of a suspended person has their terminal and their Slack: that must not be enough to countersign. */
it('cannot approve', async () => {
  const { id } = await approvals.request(draft());
  await suspensions.suspend(stolen);
  await expect(vote(id, 'ana')).rejects.toMatchObject({
    code: 'Invalid',
    message: expect.stringContaining('suspended'),
  });
  expect((await approvals.read(id)).state).toBe('pending');
});

it('nor has approved before: nothing runs on it, nothing is spent, and somebody else may', async () => {
  const { id } = await approvals.request(draft());
  expect((await vote(id, 'ana')).state).toBe('approved');
  await suspensions.suspend(stolen);
  await expect(approvals.claim(id, oneOfSre)).rejects.toMatchObject({
    code: 'Denied',
    message: expect.stringContaining('has 0 of 1'),
  });
  await vote(id, 'bo');
  expect((await approvals.claim(id, oneOfSre)).state).toBe('claimed');
});

it('does not make up a quorum that a new request could wait for', async () => {
  for (const name of ['ana', 'bo', 'li']) await suspensions.suspend({ ...stolen, name: `${name}@example.com` });
  await expect(approvals.request(draft())).rejects.toMatchObject({ code: 'ApprovalDenied' });
});
