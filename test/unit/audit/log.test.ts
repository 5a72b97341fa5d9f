import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FileOperations, realFiles } from '../../../src/audit/file-operations.ts';
import { verify } from '../../../src/audit/verify/verify.ts';
import { ident } from '../../../src/domain/masked.ts';
import { seal } from '../../../src/domain/seal.ts';
import { chainsIn, event, linesIn, opened, rawLinesOf, temporaryFolder } from './support.ts';

const slowDisk = (): FileOperations & { syncs: number; later: number } => {
  const files = {
    ...realFiles,
    syncs: 0,
    later: 0,
    sync: (file: number) => {
      files.syncs += 1;
      const end = performance.now() + 3;
      while (performance.now() < end);
      realFiles.sync(file);
    },
    syncLater: (file: number) => {
      files.later += 1;
      return realFiles.syncLater(file);
    },
  };
  return files;
};

describe('the form of a line', () => {
  it('has seq, time, type, invocation first, the fields in their order, and prev last over the exact bytes', async () => {
    const folder = temporaryFolder();
    const audit = await opened({ folder, clock: { now: () => Date.UTC(2026, 10, 21, 9, 14, 2, 113) } });
    await audit.append(event('RequestReceived', '01JD', { tool: 'apply', n: 3, selfApproved: true }));
    const [first, second] = rawLinesOf(join(folder, audit.file));
    const prev = createHash('sha256').update(first!).digest('hex');
    expect(second).toBe(
      `{"seq":2,"time":"2026-11-21T09:14:02.113Z","type":"RequestReceived","invocation":"01JD","tool":"apply","n":3,"selfApproved":true,"prev":"sha256:${prev}"}`,
    );
    expect(first).toContain(`"prev":"sha256:${'0'.repeat(64)}"}`);
    expect(first).toContain(`"auditIdSeed":"${Buffer.from(audit.auditIdSeed).toString('hex')}"`);
  });

  it('is made of printable characters, whatever the masked text holds', async () => {
    const folder = temporaryFolder();
    const audit = await opened({ folder });
    const nasty = 'a\n\u001b[2J\u009b\u202eb\u200bc\u2028\u{e0041}d\ufeffé中';
    await audit.append({ type: 'Failed', invocation: 'i', fields: { message: seal(nasty), objects: [ident('x')] } });
    const line = rawLinesOf(join(folder, audit.file)).at(-1)!;
    expect(line).toContain('"message":"a\\n\\u001b[2J\\u009b\\u202eb\\u200bc\\u2028\\udb40\\udc41d\\ufeffé中"');
    expect(JSON.parse(line).message).toBe(nasty);
  });

  it('is bounded, with the head of what is too long and the digest of the rest', async () => {
    const folder = temporaryFolder();
    const audit = await opened({ folder });
    const text = 'ü'.repeat(60_000);
    const objects = Array.from({ length: 5_000 }, (_, n) => ident(`Deployment/shop/web-${n}`));
    await audit.append({ type: 'Planned', invocation: 'i', fields: { message: seal(text), objects } });
    const raw = rawLinesOf(join(folder, audit.file)).at(-1)!;
    expect(Buffer.byteLength(raw)).toBeLessThan(64 * 1024);
    const line = JSON.parse(raw);
    const [head, digest] = line.message.split('…sha256:');
    expect(text.startsWith(head)).toBe(true);
    expect(digest).toBe(createHash('sha256').update(text.slice(head.length)).digest('hex'));
    const kept = line.objects.slice(0, -1);
    expect(kept).toEqual(objects.slice(0, kept.length));
    const rest = createHash('sha256')
      .update(JSON.stringify(objects.slice(kept.length)))
      .digest('hex');
    expect(line.objects.at(-1)).toBe(`…sha256:${rest}`);
    expect((await verify(folder)).consistent).toBe(true);
  });

  it('takes only what the mask sealed, and no key of its own', async () => {
    const audit = await opened({ folder: temporaryFolder() });
    const forged = { type: 'Failed', invocation: 'i', fields: { message: { value: 'secret' } } } as never;
    await expect(audit.append(forged)).rejects.toThrow('not sealed by the mask');
    expect(() => audit.note(forged)).toThrow('not sealed by the mask');
    await expect(audit.append(event('Failed', 'i', { prev: 'x' }))).rejects.toThrow("the log's own");
    await expect(audit.append(event('Failed', 'i', { n: Number.NaN }))).rejects.toThrow('not finite');
    await audit.append(event('Failed', 'i'));
  });

  it('lies in files of mode 0600', async () => {
    const folder = join(temporaryFolder(), 'audit');
    const audit = await opened({ folder });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, audit.file)).mode & 0o777).toBe(0o600);
  });
});

describe('group commit', () => {
  it('keeps order and chain for every mixture of appends and notes over ticks, fast disk or slow', async () => {
    const step = fc.record({
      kind: fc.constantFrom('append', 'waits', 'plans', 'note'),
      atWork: fc.integer({ min: 1, max: 4 }),
      wait: fc.constantFrom('no', 'tick', 'turn', 'disk'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, slow) => {
        const folder = temporaryFolder();
        const audit = await opened({ folder, ...(slow ? { files: slowDisk() } : {}) });
        const appended: Promise<void>[] = [];
        for (const [index, { kind, wait, atWork }] of steps.entries()) {
          if (kind === 'note') audit.note(event('Executed', `i${index}`, { dryRun: true }));
          else if (kind === 'append') appended.push(audit.append(event('Planned', `i${index}`)));
          else appended.push(audit.append(event('Planned', `i${index}`), kind, atWork));
          if (wait === 'tick') await Promise.resolve();
          if (wait === 'turn') await new Promise(setImmediate);
          if (wait === 'disk') await appended.at(-1);
        }
        await Promise.all(appended);
        await audit.close();
        const written = linesIn(folder)
          .slice(1)
          .map(({ invocation }) => invocation);
        expect(written).toEqual(steps.map((_, index) => `i${index}`));
        expect((await verify(folder)).faults).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('makes one sync of all that was appended in one turn or while another ran, and syncs before it resolves', async () => {
    let syncs = 0;
    let another: Promise<readonly number[]> | undefined;
    const appended = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, n) => audit.append(event('Planned', `i${n}`)).then(() => syncs)));
    const files = {
      ...realFiles,
      syncLater: async (file: number) => {
        another ??= appended(31);
        await realFiles.syncLater(file);
        syncs += 1;
      },
    };
    const audit = await opened({ folder: temporaryFolder(), files });
    expect(await appended(32)).toEqual(Array(32).fill(1));
    expect(await another).toEqual(Array(31).fill(2));
  });

  it.each([
    ['in place where all that are at work wait for it', 3, 1, 0],
    ['beside where somebody may have something else to do', 4, 0, 1],
  ])('syncs once, %s', async (_, atWork, places, besides) => {
    const disk = { ...realFiles, places: 0, besides: 0 };
    disk.sync = (file) => {
      disk.places += 1;
      realFiles.sync(file);
    };
    disk.syncLater = (file) => {
      disk.besides += 1;
      return realFiles.syncLater(file);
    };
    const audit = await opened({ folder: temporaryFolder(), files: disk });
    disk.places = 0;
    await Promise.all(
      (['waits', 'plans', 'waits'] as const).map((how, n) => audit.append(event('Planned', `i${n}`), how, atWork)),
    );
    expect([disk.places, disk.besides]).toEqual([places, besides]);
  });

  it('syncs a lone call in place, and beside what it plans', async () => {
    const files = slowDisk();
    const audit = await opened({ folder: temporaryFolder(), files });
    files.syncs = 0;
    await audit.append(event('Planned', 'one'), 'waits', 1);
    expect([files.syncs, files.later]).toEqual([1, 0]);
    await audit.append(event('Planned', 'two'), 'plans', 1);
    expect([files.syncs, files.later]).toEqual([1, 1]);
    await audit.append(event('Planned', 'three'), 'waits', 1);
    expect([files.syncs, files.later]).toEqual([2, 1]);
  });

  it('lets other work go on while a slow disk syncs', async () => {
    const files = slowDisk();
    const audit = await opened({ folder: temporaryFolder(), files });
    for (let n = 0; n < 40; n++) await audit.append(event('Planned', `i${n}`), 'waits', 1);
    // As soon as it is known that each takes more than two.
    expect(files.later).toBeGreaterThan(20);
    expect(audit.healthy).toBe(true);
  });

  it('does not starve timers when a caller appends without end', async () => {
    const audit = await opened({ folder: temporaryFolder() });
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 1);
    for (let n = 0; n < 100_000 && !fired; n++) await audit.append(event('Planned', `i${n}`));
    expect(fired).toBe(true);
  });

  it('writes a note within 50 ms, and at the latest at close', async () => {
    const folder = temporaryFolder();
    const audit = await opened({ folder });
    audit.note(event('Executed', 'rides', { dryRun: true }));
    await audit.append(event('Planned', 'next'));
    expect(
      linesIn(folder)
        .map(({ invocation }) => invocation)
        .slice(1),
    ).toEqual(['rides', 'next']);
    audit.note(event('Executed', 'alone', { dryRun: true }));
    const began = Date.now();
    while (linesIn(folder).length < 4 && Date.now() - began < 5_000) await new Promise(setImmediate);
    expect(linesIn(folder).at(-1)?.invocation).toBe('alone');
    audit.note(event('Executed', 'last', { dryRun: true }));
    await audit.close();
    expect(linesIn(folder).at(-1)?.invocation).toBe('last');
    await expect(audit.append(event('Planned', 'late'))).rejects.toMatchObject({ code: 'AuditUnavailable' });
  });

  it('leaves what a lone call notes for the next line that somebody waits for', async () => {
    const folder = temporaryFolder();
    const audit = await opened({ folder });
    const types = () => linesIn(folder).map(({ type }) => type);
    await audit.append(event('RequestReceived', 'first'), 'plans', 1);
    audit.note(event('Authorized', 'first', { verdict: ident('allow') }));
    audit.note(event('Executed', 'first', { dryRun: true }));
    await new Promise(setImmediate);
    expect(types()).toEqual(['ChainOpened', 'RequestReceived']);
    await audit.append(event('RequestReceived', 'second'), 'plans', 1);
    expect(types().slice(2)).toEqual(['Authorized', 'Executed', 'RequestReceived']);
    await audit.close();
    expect((await verify(folder)).faults).toEqual([]);
  });

  it('never writes a time before the last one, whatever the clock does', async () => {
    const folder = temporaryFolder();
    let now = 1_800_000_000_000;
    const audit = await opened({ folder, clock: { now: () => now } });
    await audit.append(event('Planned', 'a'));
    now -= 60_000;
    await audit.append(event('Planned', 'b'));
    expect(new Set(linesIn(folder).map(({ time }) => time)).size).toBe(1);
    expect(chainsIn(folder)).toHaveLength(1);
  });
});
