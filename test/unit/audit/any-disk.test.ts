import fc from 'fast-check';
import { afterEach, expect, it, vi } from 'vitest';
import { type FileOperations, realFiles } from '../../../src/audit/file-operations.ts';
import { verify } from '../../../src/audit/verify/verify.ts';
import { event, linesIn, opened, temporaryFolder } from './support.ts';

afterEach(() => {
  vi.useRealTimers();
});

type Fault = 'none' | 'write' | 'sync';

function breakable(): FileOperations & { fault: Fault } {
  const check = (what: Fault): void => {
    if (disk.fault === what) throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  const disk: FileOperations & { fault: Fault } = {
    ...realFiles,
    fault: 'none',
    write: (file, bytes, offset) => {
      check('write');
      return realFiles.write(file, bytes, offset);
    },
    sync: (file) => {
      check('sync');
      realFiles.sync(file);
    },
    syncLater: async (file) => {
      await realFiles.syncLater(file);
      check('sync');
    },
  };
  return disk;
}

const step = fc.record({
  kind: fc.constantFrom('append', 'waits', 'plans', 'note', 'rotate', 'write', 'sync', 'none'),
  atWork: fc.integer({ min: 1, max: 4 }),
  wait: fc.constantFrom('no', 'tick', 'turn', 'disk'),
});

it('keeps every line that it said is on disk, and every note, whatever fails and rotates meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const folder = temporaryFolder();
      const disk = breakable();
      const audit = await opened({ folder, files: disk });
      const noted: string[] = [];
      const appended: Promise<string | undefined>[] = [];
      for (const [index, { kind, wait, atWork }] of steps.entries()) {
        const id = `i${index}`;
        if (kind === 'note') {
          audit.note(event('Executed', id, { dryRun: true }));
          noted.push(id);
        } else if (kind === 'rotate') audit.rotate();
        else if (kind === 'write' || kind === 'sync' || kind === 'none') disk.fault = kind;
        else {
          const [meanwhile, calls] = kind === 'append' ? [] : [kind, atWork];
          const durable = audit.append(event('Planned', id), meanwhile, calls);
          const settled = durable.then(
            () => id,
            () => undefined,
          );
          appended.push(settled);
        }
        if (wait === 'tick') await Promise.resolve();
        if (wait === 'turn') await new Promise(setImmediate);
        if (wait === 'disk') await appended.at(-1);
      }
      // All are answered, one way or the other.
      const kept = (await Promise.all(appended)).filter((id) => id !== undefined);
      disk.fault = 'none';
      await audit.close();
      const written = new Set(linesIn(folder).map(({ invocation }) => invocation));
      expect([...kept, ...noted].filter((id) => !written.has(id))).toEqual([]);
      expect((await verify(folder)).faults).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

it('writes a note that came during a long sync, although nobody appends any more', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const folder = temporaryFolder();
  let release: (() => void) | undefined;
  const files: FileOperations = {
    ...realFiles,
    syncLater: (file) =>
      new Promise((resolve) => {
        release = () => {
          realFiles.sync(file);
          resolve();
        };
      }),
  };
  const audit = await opened({ folder, files });
  const appended = audit.append(event('Planned', 'one'));
  while (release === undefined) await new Promise(setImmediate);
  audit.note(event('Executed', 'note', { dryRun: true }));
  vi.advanceTimersByTime(50);
  release();
  await appended;
  await new Promise(setImmediate);
  vi.advanceTimersByTime(50);
  expect(linesIn(folder).at(-1)?.invocation).toBe('note');
  release();
});
