import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from './support.ts';

/** A user namespace with a mount of its own: Linux, where the kernel lets us. */
const mounts = (): boolean =>
  process.platform === 'linux' &&
  spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', temporary], { stdio: 'ignore' })
    .status === 0;
const temporary = '/mnt';

it.runIf(mounts())(
  'a file system of 1 MB that is full refuses, turns red, and recovers by itself when there is room',
  () => {
    const folder = temporaryFolder();
    const script = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" --import tsx "$3" "$1"';
    const program = join(import.meta.dirname, 'full-disk.ts');
    const said = execFileSync('unshare', ['-rm', 'sh', '-c', script, 'sh', folder, process.execPath, program], {
      encoding: 'utf8',
    });
    expect(said.trim().split('\n')).toEqual([
      'AuditUnavailable ENOSPC',
      'red',
      'healthy',
      '0 faults, every accepted line, true',
    ]);
  },
);

it.runIf(mounts())('a file system that may only be read is refused, and says so', () => {
  const folder = temporaryFolder();
  const script = 'mount -t tmpfs -o ro none "$1" && exec "$2" --import tsx "$3" "$1"';
  const program = join(import.meta.dirname, 'full-disk.ts');
  const { status, stderr } = spawnSync(
    'unshare',
    ['-rm', 'sh', '-c', script, 'sh', folder, process.execPath, program],
    {
      encoding: 'utf8',
    },
  );
  expect(status).toBe(1);
  expect(stderr).toContain('AuditUnavailable');
});
