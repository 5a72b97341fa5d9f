import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ballot, createRig, draft, oneOfSre, type Rig } from '../support/approvals.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.end());

const vote = (changes: object = {}): string =>
  JSON.stringify({
    person: 'ana@example.com',
    decision: 'approve',
    time: rig.clock.now(),
    channel: 'terminal',
    n: 1,
    ...changes,
  });
const put = (id: string, name: string, content: string) => writeFile(join(rig.root, 'approvals', id, name), content);
const ask = async (): Promise<string> => (await rig.approvals.request(draft())).id;

it('does not run on a vote file that has no line in the audit log', async () => {
  const id = await ask();
  await put(id, 'ana@example.com.1', vote());
  await expect(rig.approvals.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Denied' });
  const { approvals } = await rig.second();
  expect((await approvals.read(id)).state).toBe('failed');
  expect(rig.audit.events().map(({ type }) => type)).not.toContain('ApprovalClaimed');
});

it('does not run on the line of a vote for another plan or of another number', async () => {
  const id = await ask();
  await put(id, 'ana@example.com.2', vote({ n: 2 }));
  const line = (planDigest: string, n: number) => ({
    type: 'ApprovalVoted' as const,
    invocation: 'x',
    fields: { approval: id, approver: 'ana@example.com', decision: 'approve', n, planDigest } as never,
  });
  await rig.audit.append(line('sha256:other', 2));
  await rig.audit.append(line('sha256:plan', 1));
  await expect(rig.approvals.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Denied' });
});

it('counts a denial that only the audit log has', async () => {
  const id = await ask();
  await rig.approvals.vote(id, ballot('ana'));
  await rig.approvals.vote(id, ballot('bo', 'deny'));
  const folder = join(rig.root, 'approvals', id);
  for (const name of ['end', 'bo@example.com.1']) await rm(join(folder, name));
  const { approvals } = await rig.second();
  expect((await approvals.read(id)).state).toBe('approved');
  await expect(approvals.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Denied' });
});

it('does not take a vote file under another name, or a torn one, for a vote', async () => {
  for (const [name, content] of [
    ['bo@example.com.1', vote()],
    ['ana@example.com.1', vote().slice(0, 30)],
    ['ana@example.com.1', vote({ decision: 'yes' })],
  ] as const) {
    const id = (await rig.approvals.request(draft({ planDigest: name + content, callDigest: name + content }))).id;
    await put(id, name, content);
    await expect(rig.approvals.read(id)).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining(name),
      hint: expect.stringContaining(id),
    });
    await expect(rig.approvals.claim(id, oneOfSre)).rejects.toMatchObject({ code: 'Unavailable' });
  }
  // The others are still listed.
  await ask();
  expect(await rig.approvals.list({ open: true })).toHaveLength(1);
});

it('does not open an input that was changed', async () => {
  const id = await ask();
  const path = join(rig.root, 'approvals', id, 'input');
  const other = (await rig.approvals.request(draft({ planDigest: 'sha256:b' }))).id;
  await writeFile(path, await readFile(join(rig.root, 'approvals', other, 'input')));
  await expect(rig.approvals.input(id)).rejects.toMatchObject({ code: 'Invalid' });
});

it('makes a corrupt, missing or lying view again from the files that decide', async () => {
  const id = await ask();
  const view = join(rig.root, 'approvals-view', `${id}.json`);
  const good = await readFile(view, 'utf8');
  for (const content of [
    '{"version":1',
    '',
    'null',
    '[]',
    good.replace('pending', 'executed'),
    good.replace(id, 'cs-zzzzzz'),
  ]) {
    await writeFile(view, content);
    const { approvals } = await rig.second();
    expect((await approvals.list({ open: true })).map((each) => each.id)).toEqual([id]);
    expect((await approvals.request(draft())).id).toBe(id);
  }
  await rm(join(rig.root, 'approvals-view'), { recursive: true });
  await mkdir(join(rig.root, 'approvals-view'), { mode: 0o700 });
  await rig.approvals.vote(id, ballot('ana', 'deny'));
  expect(JSON.parse(await readFile(view, 'utf8'))).toMatchObject({ id, state: 'denied' });
});
