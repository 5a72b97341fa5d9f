import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verify } from '../../src/audit/verify/verify.ts';
import { event, opened, rawLinesOf, temporaryFolder } from '../unit/audit/support.ts';

/** Two chains: the second names the head of the first, which has ten lines. */
async function twoChains(): Promise<{ folder: string; path: string; file: string; lines: readonly string[] }> {
  const folder = temporaryFolder();
  let now = Date.UTC(2026, 10, 21);
  const clock = { now: () => (now += 1_000) };
  const first = await opened({ folder, clock });
  for (let n = 2; n <= 10; n++) await first.append(event('Planned', `i${n}`, { tool: 'apply' }));
  await first.close();
  const second = await opened({ folder, clock });
  await second.append(event('Planned', 'later'));
  await second.close();
  const path = join(folder, first.file);
  return { folder, path, file: first.file, lines: rawLinesOf(path) };
}

const at = Array.from({ length: 10 }, (_, index) => index + 1);

describe.each(at)('line %i of a chain', (line) => {
  const index = line - 1;
  it.each([
    [
      'has a byte flipped',
      (lines: string[]) => lines.splice(index, 1, lines[index]!.replace(/"invocation":"./, '"invocation":"~')),
    ],
    ['is deleted', (lines: string[]) => lines.splice(index, 1)],
    ['is doubled', (lines: string[]) => lines.splice(index, 0, lines[index]!)],
    [
      'is swapped with its neighbour',
      (lines: string[]) =>
        lines.splice(Math.min(index, 8), 2, lines[Math.min(index, 8) + 1]!, lines[Math.min(index, 8)]!),
    ],
    [
      'is cut in its middle with all after it',
      (lines: string[]) => lines.splice(index, 10, lines[index]!.slice(0, 50)),
    ],
    ['is the last, all after it cut off', (lines: string[]) => lines.splice(index === 9 ? 9 : line, 10)],
    ['is another one', (lines: string[]) => lines.splice(index, 1, '{"hello":1}')],
  ])('that %s is found and named', async (_, change) => {
    const { folder, path, file, lines } = await twoChains();
    expect((await verify(folder)).consistent).toBe(true);
    const changed = [...lines];
    change(changed);
    writeFileSync(path, changed.map((each) => `${each}\n`).join(''));
    const report = await verify(folder);
    expect(report.consistent).toBe(false);
    expect(report.summary).toContain('NOT consistent');
    const named = report.faults.filter((fault) => fault.file === file).map((fault) => fault.line ?? 0);
    // The line itself, its neighbour, or, where the end is gone, the line that the other chain names.
    expect(named.some((each) => Math.abs(each - line) <= 1 || each === 10)).toBe(true);
  });
});

it('a chain that is gone is found by who names it', async () => {
  const { folder, path, file } = await twoChains();
  rmSync(path);
  const { faults } = await verify(folder);
  expect(faults).toMatchObject([{ kind: 'head', file, line: 10, message: expect.stringContaining('missing') }]);
});

it('a chain rewritten with all its hashes anew is found by who names it', async () => {
  const { folder, path, file, lines } = await twoChains();
  const { chainLine, genesis, lineDigest } = await import('../../src/domain/hash-chain.ts');
  let prev = genesis;
  const forged = lines.map((line) => {
    const { seq, time, type } = JSON.parse(line);
    const members = line.slice(line.indexOf(',"invocation"'), line.lastIndexOf(',"prev"')).replace('apply', 'get');
    const made = chainLine({ seq, time: Date.parse(time), type }, members, prev);
    prev = lineDigest(made);
    return made;
  });
  writeFileSync(path, forged.map((each) => `${each}\n`).join(''));
  expect((await verify(folder)).faults).toMatchObject([{ kind: 'head', file, line: 10 }]);
  expect((await verify(path)).consistent).toBe(true);
});

it('an end that nobody names is not claimed to be complete', async () => {
  const { folder } = await twoChains();
  expect((await verify(folder)).summary).toBe('consistent; completeness unproven without an outside checkpoint');
});

it('a newline that is not ours does not hide', async () => {
  const { folder, path, lines } = await twoChains();
  writeFileSync(path, `${readFileSync(path, 'utf8').replace(`${lines[4]}\n`, `${lines[4]}\r\n`)}`);
  expect((await verify(folder)).faults.some(({ line }) => line === 5)).toBe(true);
});
