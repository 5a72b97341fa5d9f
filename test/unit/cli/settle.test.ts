import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createPeople, peopleConfigSchema } from '../../../src/approval/people.ts';
import { createRig, draft, oneOfSre, person, type Rig } from '../../support/approvals.ts';
import { type Ran, runAs } from './harness.ts';

const people = ['ana', 'bo', 'li'].map((name) => ({ id: `${name}@example.com`, osUsers: [name], groups: ['sre'] }));

let rig: Rig;
let config: string;
beforeEach(async () => {
  rig = await createRig({ people: createPeople(peopleConfigSchema.parse(people)) });
  config = join(rig.root, 'countersign.yaml');
  await writeFile(config, stringify({ people, approvals: { local: 'sudo' }, state: { directory: rig.root } }));
  // The command line goes by the real clock, by which the server's answer can be waited for no more.
  rig.clock.step(Date.now() - 600_000 - rig.clock.now());
});
afterEach(() => rig.end());

const as = (user: string, ...args: readonly string[]): Promise<Ran> => runAs(user, config, args);

/** An approval whose run was sent, and whose answer was lost. */
async function lost(): Promise<string> {
  const { id } = await rig.approvals.request(draft({ requirement: oneOfSre }));
  await rig.approvals.vote(id, { person: person('ana'), decision: 'approve', comment: undefined, channel: 'terminal' });
  await rig.approvals.claim(id, oneOfSre);
  await rig.approvals.settle(id, 'lose', 'no answer');
  return id;
}

it('says once what became of a run that nobody knew the outcome of, and who found out', async () => {
  const id = await lost();
  expect((await as('ana', 'approvals', 'show', id)).out).toContain(`approvals settle ${id}`);
  const done = await as(
    'ana',
    'approvals',
    'settle',
    id,
    '--as',
    'executed',
    'the',
    'image',
    'is',
    'the',
    'new',
    'one',
  );
  expect(done, done.err).toMatchObject({ code: 0, out: `${id} is executed now, as ana@example.com found out.\n` });
  expect((await as('bo', 'approvals', 'show', id)).out).toContain('the image is the new one');
  const again = await as('bo', 'approvals', 'settle', id, '--as', 'failed', 'I think not');
  expect([again.code, again.err]).toEqual([1, expect.stringContaining(id)]);
  const [line] = (await as('bo', 'audit', 'query', '--type', 'Reconciled', '--json')).out.trim().split('\n');
  expect(JSON.parse(line ?? '')).toMatchObject({ approval: id, state: 'executed', by: 'ana@example.com' });
});

it('refuses an outcome that there is not, a reason that says nothing, and the person behind the agent', async () => {
  const id = await lost();
  expect((await as('ana', 'approvals', 'settle', id, 'looked')).code).toBe(2);
  expect((await as('ana', 'approvals', 'settle', id, '--as', 'fine', 'looked')).code).toBe(2);
  expect((await as('ana', 'approvals', 'settle', id, '--as', 'executed')).code).toBe(2);
  expect((await as('ana', 'approvals', 'settle', id, '--as', 'executed', ' ')).err).toContain('add a reason');
  expect((await as('li', 'approvals', 'settle', id, '--as', 'executed', 'looked')).err).toContain(
    'somebody else has to',
  );
  expect((await as('ana', 'approvals', 'settle', 'cs-zzzzzz', '--as', 'failed', 'looked')).code).toBe(1);
  expect((await rig.approvals.read(id)).state).toBe('unknown');
});
