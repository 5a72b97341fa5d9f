import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { verify } from '../../src/audit/verify/verify.ts';
import { listAt } from '../../src/domain/json.ts';
import { chainsIn, event, linesIn, linesOf, opened, temporaryFolder } from '../unit/audit/support.ts';

/** A process that appends with 8 callers and says what resolved. Killed after so many lines. */
async function killedUnderLoad(folder: string, after: number): Promise<readonly string[]> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, '../unit/audit/writer.ts'), folder],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === after) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return said;
}

it.each([1, 50, process.env.COUNTERSIGN_SOAK === undefined ? 400 : 20_000])(
  'kill -9 after %i resolved appends loses none of them',
  async (after) => {
    const folder = temporaryFolder();
    const said = await killedUnderLoad(folder, after);
    expect(said.length).toBeGreaterThanOrEqual(after);
    const audit = await opened({ folder });
    await audit.append(event('Planned', 'next'));
    const written = new Set(linesIn(folder).map(({ invocation }) => invocation));
    expect(said.filter((invocation) => !written.has(invocation))).toEqual([]);
    expect((await verify(folder)).faults).toEqual([]);
  },
);

it('a torn last line is kept, named by the next chain, and a fault when it is touched later', async () => {
  const folder = temporaryFolder();
  const crashed = await opened({ folder });
  await crashed.append(event('Planned', 'whole'));
  await crashed.append(event('Planned', 'torn'));
  await crashed.close();
  const path = join(folder, crashed.file);
  const torn = readFileSync(path).subarray(0, -30);
  writeFileSync(path, torn);
  expect((await verify(folder)).faults).toMatchObject([{ kind: 'torn', file: crashed.file, line: 3 }]);
  const next = await opened({ folder });
  await next.append(event('Planned', 'next'));
  expect(readFileSync(path).equals(torn)).toBe(true);
  expect(linesOf(join(folder, next.file))[0]).toMatchObject({
    heads: [expect.stringMatching(`^${crashed.file} seq=2 end=\\d+ sha256:`)],
    torn: [expect.stringMatching(`^${crashed.file} start=\\d+ bytes=\\d+ sha256:`)],
  });
  const report = await verify(folder);
  expect(report.faults).toEqual([]);
  expect(report.chains.find(({ file }) => file === crashed.file)?.tornBytes).toBeGreaterThan(0);
  writeFileSync(path, torn.subarray(0, -1));
  expect((await verify(folder)).faults.map(({ kind }) => kind)).toContain('torn');
});

it('a first line names each chain once, however many there are', async () => {
  const folder = temporaryFolder();
  for (let n = 0; n < 30; n++) {
    const audit = await opened({ folder });
    await audit.append(event('Planned', `i${n}`));
    await audit.close();
  }
  const named = chainsIn(folder).map((file) => listAt(linesOf(join(folder, file))[0], 'heads').length);
  expect(named.reduce((sum, each) => sum + each, 0)).toBe(29);
  expect((await verify(folder)).consistent).toBe(true);
});
