import { afterEach, beforeEach, expect, it } from 'vitest';
import { createPeople, peopleConfigSchema } from '../../src/approval/people.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { ballot, createRig, draft, oneOfSre, person, type Rig } from '../support/approvals.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.end());

const others: Principal = { issuer: 'i', subject: 's', groups: [], agent: 'bot', verified: true };

it('refuses the approve of the person behind the agent, and writes nothing of it', async () => {
  const { id } = await rig.approvals.request(draft());
  await expect(rig.approvals.vote(id, ballot('li'))).rejects.toMatchObject({ code: 'ApprovalDenied' });
  expect(rig.audit.events()).toHaveLength(1);
  expect((await rig.approvals.read(id)).state).toBe('pending');
});

it('knows the person by a token subject and by the local user, not only by the name in the principal', async () => {
  const ana = { ...person('ana'), subjects: [{ issuer: 'i', subject: 's' }] };
  const registry = createPeople(peopleConfigSchema.parse([ana, person('bo')]));
  const own = await createRig({ people: registry });
  const asToken = await own.approvals
    .request(draft({ principal: { ...others, person: 'bo@example.com' } }))
    .catch((thrown: unknown) => thrown);
  // bo is the owner and ana the requester itself: nobody is left who could approve.
  expect(asToken).toMatchObject({ code: 'ApprovalDenied', message: expect.stringContaining('nobody was asked') });
  await own.end();
  const local = { ...others, agent: 'local:ana', verified: false, person: 'bo@example.com' };
  const { id } = await rig.approvals.request(draft({ principal: local }));
  await expect(rig.approvals.vote(id, ballot('ana'))).rejects.toMatchObject({ code: 'ApprovalDenied' });
});

it('refuses to ask where the person behind the agent is not known', async () => {
  await expect(rig.approvals.request(draft({ principal: others }))).rejects.toMatchObject({
    code: 'ApprovalDenied',
    message: expect.stringContaining('not known which person'),
  });
});

it('lets the owner approve where a rule says so, and marks it in the log', async () => {
  const requirement = { ...oneOfSre, ownerMay: true };
  const { id } = await rig.approvals.request(draft({ requirement }));
  expect((await rig.approvals.vote(id, ballot('li'))).state).toBe('approved');
  expect(rig.audit.events().at(-1)?.fields.selfApproved).toBe(true);
  // The policy of the claim does not let the owner any more.
  await expect(rig.approvals.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Denied' });
});

it('lets the owner stop the own agent', async () => {
  const { id } = await rig.approvals.request(draft());
  expect((await rig.approvals.vote(id, ballot('li', 'deny'))).state).toBe('denied');
});

it('does not count people without a record, nor those of other groups', async () => {
  const { id } = await rig.approvals.request(draft());
  const stranger = { ...person('ana'), id: 'eve@example.com' };
  await expect(rig.approvals.vote(id, { ...ballot('ana'), person: stranger })).rejects.toMatchObject({
    code: 'Invalid',
  });
  // A record that is brought along does not count: the registry's own does.
  const promoted = { ...person('out'), groups: ['sre'] };
  await expect(rig.approvals.vote(id, { ...ballot('out'), person: promoted })).rejects.toMatchObject({
    code: 'ApprovalDenied',
    message: expect.stringContaining('none of the groups'),
  });
  expect((await rig.approvals.read(id)).votes).toEqual([]);
});
