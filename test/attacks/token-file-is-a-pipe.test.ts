import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tokenSource } from '../../src/identity/token-source.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Whoever may write beside the token swaps it for what is never read to its end: each call says so, and none hangs. */
it.each<[string, (file: string) => void]>([
  ['a pipe that nobody writes to', (file) => execFileSync('/usr/bin/env', ['mkfifo', file])],
  ['a device without an end', (file) => symlinkSync('/dev/zero', file)],
  ['a folder', (file) => mkdirSync(file)],
  [
    'a file of a gigabyte',
    (file) => {
      writeFileSync(file, '');
      truncateSync(file, 2 ** 30);
    },
  ],
])('%s in its place', (_, swap) => {
  const file = join(folder, 'token');
  writeFileSync(file, 'one');
  const token = tokenSource({ COUNTERSIGN_TOKEN_FILE: file });
  expect(token?.()).toBe('one');
  rmSync(file);
  swap(file);
  expect(() => token?.()).toThrow(expect.objectContaining({ code: 'Unauthorized' }));
  rmSync(file, { recursive: true });
  writeFileSync(file, 'two');
  expect(token?.()).toBe('two');
});
