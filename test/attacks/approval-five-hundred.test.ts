import { expect, test } from 'vitest';
import { agent, ballot, createRig, draft } from '../support/approvals.ts';

/** A hundred agents of as many people ask for five changes each in the same moment, to bury one among them. */

test('five hundred at once are five hundred, each its own, and each is decided for itself', {
  timeout: 120_000,
}, async () => {
  const rig = await createRig();
  const asked = await Promise.all(
    Array.from({ length: 500 }, (_, n) => {
      const name = `bot-${n % 100}`;
      const principal = { ...agent, agent: name, subject: name, person: `owner-${n % 100}@example.com` };
      return rig.approvals.request(draft({ principal, callDigest: `sha256:c${n}`, planDigest: `sha256:p${n}` }));
    }),
  );
  expect(new Set(asked.map(({ id }) => id)).size).toBe(500);
  const buried = asked[250];
  const denied = asked[251];
  if (buried === undefined || denied === undefined) throw new Error('nothing was asked');
  await rig.approvals.vote(denied.id, ballot('ana', 'deny'));
  await rig.approvals.vote(buried.id, ballot('ana'));
  const open = await (await rig.second()).approvals.list({ open: true });
  expect(open).toHaveLength(499);
  expect(open.filter(({ state }) => state === 'approved').map(({ id }) => id)).toEqual([buried.id]);
  expect(open.find(({ id }) => id === buried.id)?.planDigest).toBe('sha256:p250');
  const name = 'bot-0';
  const sixth = { ...agent, agent: name, subject: name, person: 'owner-0@example.com' };
  await expect(
    rig.approvals.request(draft({ principal: sixth, callDigest: 'sha256:c', planDigest: 'sha256:p' })),
  ).rejects.toThrow('has 5 open approvals');
  const lines = rig.audit.events().filter(({ type }) => type === 'ApprovalRequested');
  expect(new Set(lines.map(({ fields }) => fields.approval)).size).toBe(500);
  await rig.end();
});
