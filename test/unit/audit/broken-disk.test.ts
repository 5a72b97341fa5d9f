import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FileOperations, realFiles } from '../../../src/audit/file-operations.ts';
import { verify } from '../../../src/audit/verify/verify.ts';
import { chainsIn, event, keptLog, linesIn, opened, temporaryFolder } from './support.ts';

const failure = (code: string): Error => Object.assign(new Error(code), { code });

type Fault = 'none' | 'full' | 'half' | 'io' | 'half-and-stuck';

/** A disk that gets full or breaks, between two calls, on the real file system. */
function fragileDisk(): FileOperations & { fault: Fault } {
  const disk: FileOperations & { fault: Fault } = {
    ...realFiles,
    fault: 'none',
    write: (file, bytes, offset) => {
      if (disk.fault === 'full') throw failure('ENOSPC');
      if (disk.fault.startsWith('half')) {
        if (offset > 0 || bytes.length < 2) throw failure('ENOSPC');
        return realFiles.write(file, bytes.subarray(0, (bytes.length >> 1) + 7), 0);
      }
      return realFiles.write(file, bytes, offset);
    },
    sync: (file) => {
      if (disk.fault === 'io') throw failure('EIO');
      realFiles.sync(file);
    },
    syncLater: (file) => (disk.fault === 'io' ? Promise.reject(failure('EIO')) : realFiles.syncLater(file)),
    truncate: (file, length) => {
      if (disk.fault === 'half-and-stuck') throw failure('EIO');
      realFiles.truncate(file, length);
    },
  };
  return disk;
}

describe.each(['full', 'half', 'io', 'half-and-stuck'] as const)('a disk that is %s', (fault) => {
  it('refuses, says so, keeps the chain whole and goes on by itself', async () => {
    const folder = temporaryFolder();
    const disk = fragileDisk();
    const log = keptLog();
    let now = Date.UTC(2026, 10, 21);
    const clock = { now: () => ++now };
    const audit = await opened({ folder, files: disk, log, clock });
    await audit.append(event('Planned', 'before'));
    disk.fault = fault;
    const refused = await Promise.allSettled([
      audit.append(event('Planned', 'lost')),
      audit.append(event('Planned', 'lost')),
    ]);
    for (const each of refused)
      expect(each).toMatchObject({
        reason: { code: 'AuditUnavailable', hint: expect.stringContaining('goes on by itself') },
      });
    expect(audit.healthy).toBe(false);
    await expect(audit.append(event('Planned', 'lost'))).rejects.toMatchObject({ code: 'AuditUnavailable' });
    audit.note(event('Executed', 'note', { dryRun: true }));
    disk.fault = 'none';
    await audit.append(event('Planned', 'after'));
    expect(audit.healthy).toBe(true);
    await audit.close();
    const report = await verify(folder);
    expect(report.faults).toEqual([]);
    expect(chainsIn(folder)).toHaveLength(2);
    const told = linesIn(folder).filter(({ type }) => type !== 'ChainOpened');
    expect(told.map(({ invocation }) => invocation)).toEqual([
      'before',
      // What was refused and could not be taken back stands in the log.
      ...(fault === 'half-and-stuck' ? ['lost'] : []),
      'note',
      'after',
    ]);
    expect(report.chains[0]?.tornBytes === 0).toBe(fault !== 'half-and-stuck');
    expect(log.lines).toEqual(['the audit log cannot be written', 'the audit log can be written again']);
  });
});

it.each(['full', 'half', 'io'] as const)('loses no note that waited when the disk got %s', async (fault) => {
  const folder = temporaryFolder();
  const disk = fragileDisk();
  const audit = await opened({ folder, files: disk });
  await audit.append(event('Planned', 'before'), 'waits', 1);
  audit.note(event('Executed', 'early', { dryRun: true }));
  disk.fault = fault;
  audit.note(event('Executed', 'later', { dryRun: true }));
  await expect(audit.append(event('Planned', 'lost'), 'waits', 1)).rejects.toMatchObject({ code: 'AuditUnavailable' });
  disk.fault = 'none';
  await audit.append(event('Planned', 'after'));
  await audit.close();
  expect((await verify(folder)).faults).toEqual([]);
  const told = linesIn(folder).filter(({ type }) => type !== 'ChainOpened');
  expect(told.map(({ invocation }) => invocation)).toEqual(['before', 'early', 'later', 'after']);
});

it('turns healthy again without being asked', async () => {
  const folder = temporaryFolder();
  const disk = fragileDisk();
  const audit = await opened({ folder, files: disk });
  disk.fault = 'full';
  await expect(audit.append(event('Planned', 'lost'))).rejects.toMatchObject({ code: 'AuditUnavailable' });
  disk.fault = 'none';
  const began = Date.now();
  while (!audit.healthy && Date.now() - began < 10_000) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(audit.healthy).toBe(true);
});

it('does not open where it cannot write, and leaves no file', async () => {
  const folder = temporaryFolder();
  const disk = fragileDisk();
  disk.fault = 'full';
  await expect(opened({ folder, files: disk })).rejects.toMatchObject({ code: 'AuditUnavailable' });
  expect(chainsIn(folder)).toEqual([]);
});

it.runIf(existsSync('/dev/full'))('refuses on a device that is really full', async () => {
  const { openSync } = await import('node:fs');
  const folder = temporaryFolder();
  const files = { ...realFiles, create: () => openSync('/dev/full', 'w') };
  await expect(opened({ folder, files })).rejects.toMatchObject({
    code: 'AuditUnavailable',
    message: expect.stringContaining('ENOSPC'),
  });
});

it('does not open where the folder is a file', async () => {
  const folder = temporaryFolder();
  const audit = await opened({ folder });
  await expect(opened({ folder: join(folder, audit.file) })).rejects.toMatchObject({ code: 'AuditUnavailable' });
});
