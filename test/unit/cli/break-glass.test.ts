import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createPeople, peopleConfigSchema } from '../../../src/approval/people.ts';
import { createRig, draft, oneOfSre, type Rig } from '../../support/approvals.ts';
import { type Ran, runAs } from './harness.ts';

const people = ['ana', 'bo', 'li'].map((name) => ({
  id: `${name}@example.com`,
  osUsers: [name],
  groups: name === 'bo' ? ['security'] : ['sre'],
}));

let rig: Rig;
let config: string;
beforeEach(async () => {
  rig = await createRig({ people: createPeople(peopleConfigSchema.parse(people)) });
  config = join(rig.root, 'countersign.yaml');
  await writeFile(config, stringify({ people, approvals: { local: 'sudo' }, state: { directory: rig.root } }));
  // The command line goes by the real clock.
  rig.clock.step(Date.now() - rig.clock.now());
});
afterEach(() => rig.end());

const as = (user: string, ...args: readonly string[]): Promise<Ran> => runAs(user, config, args);

it('breaks the glass at the terminal, and keeps asking for a review until somebody else gave one', async () => {
  const requirement = {
    ...oneOfSre,
    slots: [{ group: 'security', count: 2 }],
    confirmCode: true,
    breakGlass: { groups: ['sre'], withinSeconds: 300 },
  };
  const { id } = await rig.approvals.request(draft({ requirement }));
  expect((await as('li', 'approvals', 'show', id)).out).toContain(`approvals break-glass ${id} REASON`);
  const short = await as('li', 'approvals', 'break-glass', id, 'urgent');
  expect([short.code, short.err]).toEqual([1, expect.stringContaining('at least 10 characters')]);
  expect((await as('bo', 'approvals', 'break-glass', id, 'I am in another group')).code).not.toBe(0);
  expect((await as('li', 'doctor')).out).not.toContain('breakglass');

  const broken = await as('li', 'approvals', 'break-glass', id, 'the', 'shop', 'is', 'down');
  expect([broken.code, broken.out]).toEqual([0, expect.stringContaining('countersigned it alone')]);
  expect((await as('bo', 'approvals', 'list')).out).toContain('approved BREAK-GLASS');
  expect((await as('bo', 'approvals', 'show', id)).out).toMatch(
    /BREAK-GLASS by li@example\.com alone, .*, not reviewed yet\n {2}> the shop is down/,
  );
  expect((await as('bo', 'doctor')).out).toMatch(
    /warn +breakglass +cs-.* alone by li@example\.com .*"the shop is down"/,
  );

  expect((await as('li', 'approvals', 'review', id)).code).not.toBe(0);
  expect((await as('bo', 'approvals', 'review', id, 'it was right')).code).toBe(0);
  expect((await as('bo', 'doctor')).out).not.toContain('breakglass');
  expect((await as('bo', 'approvals', 'show', id)).out).toMatch(/reviewed by bo@example\.com .*: it was right/);

  const lines = (await as('bo', 'audit', 'query', '--break-glass', '--json')).out.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { type: 'ApprovalVoted', approver: 'li@example.com', selfApproved: true, comment: 'the shop is down' },
    { type: 'BreakGlassReviewed', by: 'bo@example.com', comment: 'it was right' },
  ]);
  const none = await as('bo', 'audit', 'query', '--approver', 'ana@example.com', '--approval', id);
  expect(none).toMatchObject({ code: 0, out: '' });
});

it('types the code with the id, so that a rule with confirmCode is met at the terminal', async () => {
  const { id } = await rig.approvals.request(draft({ requirement: { ...oneOfSre, confirmCode: true } }));
  expect((await as('ana', 'approvals', 'approve', id)).out).toContain('is approved');
});
