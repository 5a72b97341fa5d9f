import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Note } from '../../src/audit/checkpoint/note.ts';
import { verify } from '../../src/audit/verify/verify.ts';
import { chainLine, genesis, lineDigest } from '../../src/domain/hash-chain.ts';
import { checkpointed, testKey } from '../unit/audit/checkpointed.ts';
import { event, opened, rawLinesOf, temporaryFolder } from '../unit/audit/support.ts';

interface RealLog {
  readonly folder: string;
  /** The chain that is attacked, and its lines. */
  readonly file: string;
  readonly lines: readonly string[];
  /** A short chain of a command that ran beside it. */
  readonly other: string;
  readonly options: { readonly keys: readonly [ReturnType<typeof testKey>['key']]; readonly against: readonly Note[] };
}

/** A server with votes and checkpoints, a command that voted beside it, and the newest checkpoint outside. */
async function realLog(): Promise<RealLog> {
  const folder = temporaryFolder();
  let now = Date.UTC(2026, 10, 21);
  const clock = { now: () => ++now };
  const server = await checkpointed({ folder, clock });
  const command = await opened({ folder, clock });
  for (let n = 0; n < 12; n++) {
    await server.audit.append(event('Planned', `i${n}`, { tool: 'apply' }));
    if (n === 5) await command.append(event('Planned', 'by hand', { tool: 'scale' }));
    if (n % 4 === 3) await server.checkpoints.now('vote');
  }
  await command.close();
  await server.audit.append(event('Stopped', ''));
  await server.close();
  const lines = rawLinesOf(join(folder, server.audit.file));
  const options = { keys: [server.key] as const, against: [server.outside()] };
  return { folder, file: server.audit.file, lines, other: command.file, options };
}

const write = ({ folder, file }: RealLog, lines: readonly string[]): void =>
  writeFileSync(join(folder, file), lines.map((line) => `${line}\n`).join(''));

/** All hashes made anew from one line on, as who has no key can do it. */
function rechained(lines: readonly string[], change: (line: string, index: number) => string): readonly string[] {
  let prev = genesis;
  return lines.map((line, index) => {
    const { seq, time, type } = JSON.parse(line);
    const members = change(line.slice(line.indexOf(',"invocation"'), line.lastIndexOf(',"prev"')), index);
    const made = chainLine({ seq, time: Date.parse(time), type }, members, prev);
    prev = lineDigest(made);
    return made;
  });
}

/** Lines of the chain that is attacked. */
const length = 18;
/** Every line but the last, which is the final checkpoint itself: nothing outside can name it. */
const each = Array.from({ length: length - 1 }, (_, index) => index + 1);

it('the real log is whole, and complete up to its last line of work', async () => {
  const log = await realLog();
  expect(log.lines).toHaveLength(length);
  const { consistent, covered, summary } = await verify(log.folder, log.options);
  expect([consistent, covered?.newer, summary.split(' up to')[0]]).toEqual([true, 1, 'consistent; complete']);
});

describe.each(each)('line %i', (number) => {
  const at = number - 1;
  it.each<[string, (lines: readonly string[]) => readonly string[]]>([
    ['with one byte flipped', (lines) => lines.with(at, lines[at]!.replace(/"invocation":"(.?)/, '"invocation":"~$1'))],
    ['deleted', (lines) => lines.toSpliced(at, 1)],
    ['with one inserted before it', (lines) => lines.toSpliced(at, 0, lines[at]!)],
    ['swapped with the next', (lines) => lines.toSpliced(at, 2, lines[at + 1]!, lines[at]!)],
    ['the last one, all after it cut off', (lines) => lines.slice(0, number)],
    ['cut in its middle', (lines) => [...lines.slice(0, at), lines[at]!.slice(0, 60)]],
    [
      'changed, and all hashes made anew without the key',
      (lines) => rechained(lines, (m, i) => (i === at ? `${m},"x":1` : m)),
    ],
    [
      'and all after it replaced by a tail that fits',
      (lines) =>
        rechained(lines.with(at, lines[at]!.replace(',"invocation":"', ',"invocation":"z')), (members) => members),
    ],
  ])('%s is found, and the place is named', async (_, change) => {
    const log = await realLog();
    write(log, change(log.lines));
    const { consistent, faults } = await verify(log.folder, log.options);
    // What cuts only the final checkpoint off takes nothing that is not outside.
    const onlyTheFinalOne =
      change(log.lines).length === length - 1 &&
      number === length - 1 &&
      log.lines[length - 2] === change(log.lines).at(-1);
    expect(consistent).toBe(onlyTheFinalOne);
    if (onlyTheFinalOne) return;
    const named = faults.filter(({ file }) => file === log.file);
    expect(named.length).toBeGreaterThan(0);
    // The fault is at the line, or at a later one that a link, a chain or a checkpoint names, which says from where on.
    expect(named.some(({ line = 0 }) => line >= number - 1)).toBe(true);
  });
});

it('a chain cut at an earlier checkpoint is found, with where it ends', async () => {
  const log = await realLog();
  const last = log.lines.findIndex((line) => line.includes('"type":"Checkpoint"'));
  write(log, log.lines.slice(0, last + 1));
  expect((await verify(log.folder, { keys: log.options.keys })).consistent).toBe(true);
  expect((await verify(log.folder, log.options)).faults).toMatchObject([
    {
      kind: 'checkpoint',
      file: log.file,
      line: 17,
      message: expect.stringContaining(`ends at line ${last + 1}: ${16 - last} lines were cut off`),
    },
  ]);
});

it('a change under new hashes is narrowed down to the lines between two checkpoints', async () => {
  const log = await realLog();
  const first = log.lines.findIndex((line) => line.includes('"type":"Checkpoint"')) + 1;
  write(
    log,
    rechained(log.lines, (members, index) => (index === first ? members.replace('apply', 'get') : members)),
  );
  const messages = (await verify(log.folder, log.options)).faults.map(({ message }) => message);
  expect(messages.some((message) => message.includes(`lines ${first} to `))).toBe(true);
});

it.each(['dropped', 'emptied'])('a whole chain that is %s is found', async (how) => {
  const log = await realLog();
  if (how === 'dropped') rmSync(join(log.folder, log.other));
  else writeFileSync(join(log.folder, log.other), '');
  const { faults } = await verify(log.folder, log.options);
  expect(faults).toContainEqual(expect.objectContaining({ file: log.other }));
});

it('the directory of yesterday, put back, is found', async () => {
  const log = await realLog();
  const old = temporaryFolder();
  cpSync(log.folder, old, { recursive: true });
  for (const file of readdirSync(old))
    writeFileSync(join(old, file), `${rawLinesOf(join(old, file)).slice(0, 2).join('\n')}\n`);
  const { faults, consistent } = await verify(old, log.options);
  expect(consistent).toBe(false);
  expect(faults.some(({ kind }) => kind === 'checkpoint')).toBe(true);
});

it('another log under the same names, with another key, is found', async () => {
  const [log, forged] = [await realLog(), await realLog()];
  const { faults } = await verify(forged.folder, log.options);
  expect(faults.some(({ kind, message }) => kind === 'signature' && message.includes('was not given'))).toBe(true);
  expect(faults.some(({ kind, message }) => kind === 'checkpoint' && message.includes('missing'))).toBe(true);
});

it('a checkpoint from outside that was changed, or that nobody known signed, proves nothing', async () => {
  const log = await realLog();
  const [note] = log.options.against;
  if (note === undefined) throw new Error('no note');
  const changed = { ...note, text: note.text.replace(/seq=\d+/, 'seq=2') };
  expect((await verify(log.folder, { ...log.options, against: [changed] })).faults).toMatchObject([
    { kind: 'signature', message: expect.stringContaining('is wrong') },
  ]);
  expect((await verify(log.folder, { keys: [testKey().key], against: [note] })).consistent).toBe(false);
  await expect(verify(log.folder, { against: [note] })).rejects.toMatchObject({ code: 'Invalid' });
});

it('an archived chain is verified with the rest, apart, and not silently left out', async () => {
  const log = await realLog();
  const archive = temporaryFolder();
  cpSync(join(log.folder, log.other), join(archive, log.other));
  rmSync(join(log.folder, log.other));
  expect((await verify([log.folder, archive], log.options)).faults).toEqual([]);
  expect(await verify(archive, { part: true })).toMatchObject({ faults: [], absent: [log.file] });
  expect(await verify(log.folder, { ...log.options, part: true })).toMatchObject({ faults: [], absent: [log.other] });
  expect((await verify(log.folder, log.options)).consistent).toBe(false);
  writeFileSync(join(archive, log.other), readFileSync(join(archive, log.other), 'utf8').replace('scale', 'apply'));
  expect((await verify([log.folder, archive], log.options)).consistent).toBe(false);
});
