import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listen } from '../../src/state/liveness.ts';

let base: string;
let folder: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'cs-temp-'));
  // So long that its sockets are reached through a short link among the temporary files.
  folder = join(base, 'l'.repeat(100));
  await mkdir(folder);
  process.env.TMPDIR = base;
});
afterEach(async () => {
  delete process.env.TMPDIR;
  await rm(base, { recursive: true, force: true });
});
const linksIn = async () => (await readdir(base)).filter((name) => name.startsWith('cs-'));

it('takes nobody for dead because temporary files were cleared away', async () => {
  const here = await listen(folder, 'aaaaaaaaaaaa');
  const [link] = await linksIn();
  const there = await listen(folder, 'bbbbbbbbbbbb');
  expect(await here.isAlive('bbbbbbbbbbbb')).toBe(true);
  await rm(join(base, link!), { recursive: true });
  const answers = await Promise.all([1, 2, 3].map(() => here.isAlive('bbbbbbbbbbbb')));
  expect(answers).toEqual([true, true, true]);
  // The way is there again, so that who is dead is told from who lives.
  await there.close();
  expect(await here.isAlive('bbbbbbbbbbbb')).toBe(false);
  await here.close();
  expect(await linksIn()).toEqual([]);
});
