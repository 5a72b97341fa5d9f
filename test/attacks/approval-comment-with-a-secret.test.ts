import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { person } from '../support/approvals.ts';
import { filesBelow } from '../support/at-rest.ts';
import { configMap, createGateRig, type GateRig } from '../support/gate.ts';
import { right } from '../support/guesses.ts';

/** A person means well, and writes what a Secret holds into a comment: the agent reads comments, and so does everybody in the log. */
let rig: GateRig;
beforeAll(async () => {
  rig = await createGateRig();
});
afterAll(() => rig.close());

const token = 'ghp_0123456789abcdefghijABCDEFGHIJ456789';
const comment = `not like this, use ${right} or ${token}`;

it('neither the agent nor the log has it', async () => {
  const { approval, answer } = await rig.hold('apply', { manifest: configMap('commented'), reason: 'to see' });
  await rig.approvals.vote(approval.id, { person: person('ana'), decision: 'deny', comment, channel: 'terminal' });
  const denied = await answer;
  expect(denied.status).toBe('denied');
  expect(denied.message).toContain('not like this, use [masked Secret db/password] or [masked GitHub token]');
  for (const { text } of await filesBelow(rig.root)) {
    expect(text).not.toContain(right);
    expect(text).not.toContain(token);
  }
});

it('nor where a process wrote it down that knew no values', async () => {
  const { approval, answer } = await rig.hold('apply', { manifest: configMap('commented-2'), reason: 'to see' });
  await rig.approvals.vote(approval.id, {
    person: person('ana'),
    decision: 'approve',
    comment: 'fine',
    channel: 'terminal',
  });
  expect((await answer).status).toBe('executed');
  const folder = join(rig.root, 'state', 'approvals', approval.id);
  const name = (await readdir(folder)).find((each) => each.endsWith('.1')) ?? '';
  const file = await readFile(join(folder, name), 'utf8');
  await writeFile(join(folder, name), file.replace('"fine"', JSON.stringify(comment)));
  const { votes } = await rig.approvals.read(approval.id);
  expect(votes[0]?.comment).toBe('not like this, use [masked Secret db/password] or [masked GitHub token]');
});
