import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { noteOf, parseStatement } from '../../../src/audit/checkpoint/body.ts';
import { checkSignatures } from '../../../src/audit/checkpoint/note.ts';
import { verify } from '../../../src/audit/verify/verify.ts';
import { checkpointed, testKey } from './checkpointed.ts';
import { chainsIn, event, linesIn, linesOf, opened, temporaryFolder } from './support.ts';

const vote = event('ApprovalVoted', 'i', {
  approval: 'cs-1',
  approver: 'ana',
  decision: 'approve',
  n: 1,
  planDigest: 'p',
});
const checkpointsIn = (folder: string) => linesIn(folder).filter(({ type }) => type === 'Checkpoint');

it('closes a vote at once, in the log and outside, and names where the chains stood', async () => {
  const folder = temporaryFolder();
  const other = await opened({ folder });
  const { audit, sink, key, outside } = await checkpointed({ folder });
  await other.append(event('Planned', 'elsewhere'));
  await audit.append(vote);
  await vi.waitFor(() => expect(sink.notes).toHaveLength(1));
  const [line] = checkpointsIn(folder);
  expect(checkSignatures(outside(), [key])).toBe('good');
  expect(line && noteOf(line)).toEqual(outside());
  expect(parseStatement(outside())).toMatchObject({
    because: 'vote',
    heads: [
      { file: audit.file, seq: 2 },
      { file: other.file, seq: 2 },
    ],
  });
  expect(await verify(folder, { keys: [key], against: [outside()] })).toMatchObject({
    faults: [],
    checkpoints: { count: 1, signatures: 'good' },
    covered: { lines: 4, newer: 1 },
  });
});

it('is made after so many lines, after so long, and not for nothing', async () => {
  const folder = temporaryFolder();
  const { audit, sink } = await checkpointed({ folder, everyLines: 3, everySeconds: 0.05 });
  await pause(120);
  expect(sink.notes).toEqual([]);
  for (let n = 0; n < 3; n++) await audit.append(event('Planned', `i${n}`));
  await vi.waitFor(() => expect(sink.notes).toHaveLength(1));
  await audit.append(event('Planned', 'later'));
  await vi.waitFor(() => expect(sink.notes).toHaveLength(2));
  expect(sink.notes.map((note) => /because (\w+)/.exec(note)?.[1])).toEqual(['lines', 'time']);
  await pause(120);
  expect(sink.notes).toHaveLength(2);
});

it('closes a clean stop: the last line of work is covered outside', async () => {
  const folder = temporaryFolder();
  const { audit, close, key, outside } = await checkpointed({ folder });
  await audit.append(event('Planned', 'i'));
  await audit.append(event('Stopped', ''));
  await close();
  expect(await verify(folder, { keys: [key], against: [outside()] })).toMatchObject({
    consistent: true,
    covered: { lines: 3, newer: 1 },
    summary: expect.stringMatching(
      /^consistent; complete up to \S+Z, as the checkpoint from outside says; 1 lines are newer$/,
    ),
  });
});

it('names each state of another chain once, and binds what it named before', async () => {
  const folder = temporaryFolder();
  const { audit, checkpoints, key, outside, sink } = await checkpointed({ folder });
  const others = await Promise.all(Array.from({ length: 5 }, () => opened({ folder })));
  for (const each of others) await each.append(event('Planned', 'x'));
  for (let n = 0; n < 3; n++) {
    await audit.append(event('Planned', `i${n}`));
    await checkpoints.now('time');
  }
  expect(sink.notes.map((note) => note.split('.jsonl').length - 1)).toEqual([6, 1, 1]);
  const { covered } = await verify(folder, { keys: [key], against: [outside()] });
  expect(covered).toMatchObject({ lines: 5 * 2 + 1 + 5 });
});

it('follows a full file, and one of yesterday, by a new one without a gap', async () => {
  const folder = temporaryFolder();
  let now = Date.UTC(2026, 10, 21, 23, 59, 0);
  const { audit, key, outside, close } = await checkpointed({
    folder,
    clock: { now: () => ++now },
    segmentBytes: 4_000,
  });
  for (let n = 0; n < 60; n++) {
    await audit.append(event('Planned', `i${n}`, { tool: 'apply' }));
    await new Promise(setImmediate);
  }
  await vi.waitFor(() => expect(chainsIn(folder).length).toBeGreaterThan(2));
  const before = chainsIn(folder).length;
  now += 120_000;
  await audit.append(event('Planned', 'next day'));
  await vi.waitFor(() => expect(chainsIn(folder)).toHaveLength(before + 1));
  await audit.append(event('Planned', 'in the new file'));
  await close();
  const told = linesIn(folder).flatMap(({ type, invocation }) => (type === 'Planned' ? [invocation] : []));
  expect(told).toEqual([...Array.from({ length: 60 }, (_, n) => `i${n}`), 'next day', 'in the new file']);
  const report = await verify(folder, { keys: [key], against: [outside()] });
  expect(report.faults).toEqual([]);
  // Each file has one near its end, so that it can be verified where it is archived.
  const near = (file: string) =>
    linesOf(join(folder, file))
      .slice(-8)
      .map(({ type }) => type);
  expect(chainsIn(folder).filter((file) => !near(file).includes('Checkpoint'))).toEqual([]);
});

it('blocks nobody while a sink is down, says so, and then sends the newest', async () => {
  const folder = temporaryFolder();
  let now = Date.UTC(2026, 10, 21);
  const { audit, checkpoints, sink, log, outside } = await checkpointed({ folder, clock: { now: () => now } });
  sink.fails = true;
  await audit.append(vote);
  await vi.waitFor(() => expect(log.lines).toContain('a checkpoint of the audit log does not get where it should'));
  expect(checkpoints.fault()).toBeUndefined();
  now += 61_000;
  expect(checkpoints.fault()).toBe('checkpoints of the audit log do not leave this machine');
  await audit.append(event('Planned', 'goes on'));
  sink.fails = false;
  const newest = await checkpoints.now('time');
  await vi.waitFor(() => expect(sink.notes).toHaveLength(1));
  expect(sink.notes).toEqual([newest]);
  expect(parseStatement(outside())?.heads[0]?.seq).toBe(4);
  expect(checkpoints.fault()).toBeUndefined();
});

it('tells that nothing can be signed, and goes on when it can', async () => {
  const folder = temporaryFolder();
  const good = testKey();
  let works = false;
  const sign = (text: string) => (works ? good.signer.sign(text) : Promise.reject(new Error('no key')));
  let now = Date.UTC(2026, 10, 21);
  const test = { ...good, signer: { ...good.signer, sign } };
  const { audit, checkpoints, log, sink } = await checkpointed({ folder, test, clock: { now: () => now } });
  await audit.append(vote);
  await vi.waitFor(() => expect(log.lines).toContain('a checkpoint of the audit log cannot be made'));
  now += 61_000;
  expect(checkpoints.fault()).toBe('checkpoints of the audit log cannot be made');
  works = true;
  await audit.append(vote);
  await vi.waitFor(() => expect(sink.notes).toHaveLength(1));
  expect(checkpoints.fault()).toBeUndefined();
});

it('makes none that is signed with another key than the published one', async () => {
  const folder = temporaryFolder();
  const [published, used] = [testKey(), testKey()];
  const test = { ...published, signer: { ...published.signer, sign: used.signer.sign } };
  const { checkpoints } = await checkpointed({ folder, test });
  await expect(checkpoints.now('time')).rejects.toMatchObject({ message: expect.stringContaining('another key') });
  expect(checkpointsIn(folder)).toEqual([]);
});
