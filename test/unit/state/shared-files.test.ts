import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { State } from '../../../src/domain/state.ts';
import { openState } from '../../../src/state/state.ts';
import { realRandom, silent, testClock } from '../../support/approvals.ts';

let base: string;
let states: readonly [State, State];
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'cs-files-'));
  const open = (): Promise<State> =>
    openState({ root: join(base, 'state'), clock: testClock(), random: realRandom, log: silent });
  states = [await open(), await open()];
});
afterEach(async () => {
  for (const state of states) await state.close();
  await rm(base, { recursive: true, force: true });
});
const at = (...names: readonly string[]): string => join(states[0].root, ...names);
const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

it('makes several files, each or not by itself, in the order given, and leaves nothing beside them', async () => {
  const [state] = states;
  const folder = await state.folder('approvals');
  await state.createExclusive(join(folder, 'result'), 'first');
  const files = ['input', 'result', 'outcome'].map((name) => ({ path: join(folder, name), content: name }));
  expect(await state.createExclusiveAll(files)).toEqual([true, false, true]);
  expect((await readdir(folder)).sort()).toEqual(['input', 'outcome', 'result']);
  expect(await readFile(join(folder, 'result'), 'utf8')).toBe('first');
  expect(await mode(join(folder, 'outcome'))).toBe(0o600);
});

it('makes none of several where one cannot be written', async () => {
  const [state] = states;
  const folder = await state.folder('approvals');
  const files = [join(folder, 'input'), join(folder, 'not-there', 'request')].map((path) => ({ path, content: '' }));
  await expect(state.createExclusiveAll(files)).rejects.toThrow();
  expect(await readdir(folder)).toEqual([]);
});

it('marks for one of many, whole, in a folder that is made for it', async () => {
  for (const content of ['', 'turn']) {
    const path = at('asked', content === '' ? 'a' : 'b', '1');
    const won = await Promise.all(
      Array.from({ length: 20 }, (_, n) => states[n % 2 === 0 ? 0 : 1].mark(path, content && `${content} ${n}`)),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await readFile(path, 'utf8')).toBe(content && `${content} ${won.indexOf(true)}`);
    expect(await mode(path)).toBe(0o600);
    expect(await readdir(join(path, '..'))).toEqual(['1']);
  }
});

it('shows the last of what it was given, and nothing beside it', async () => {
  const [state] = states;
  const folder = await state.folder('views');
  for (const content of ['one', 'two', '3']) await state.show(join(folder, 'view'), content);
  expect(await readFile(join(folder, 'view'), 'utf8')).toBe('3');
  expect(await readdir(folder)).toEqual(['view']);
  expect(await mode(join(folder, 'view'))).toBe(0o600);
});

it('takes a folder for one of many', async () => {
  const won = await Promise.all(Array.from({ length: 20 }, (_, n) => states[n % 2 === 0 ? 0 : 1].takeFolder(at('cs'))));
  expect(won.filter(Boolean)).toHaveLength(1);
  expect(await mode(at('cs'))).toBe(0o700);
});

it('appends lines of several processes without mixing them', async () => {
  const lines = Array.from({ length: 200 }, (_, n) => `line-${n}-${'x'.repeat(n)}`);
  await Promise.all(lines.map((line, n) => states[n % 2 === 0 ? 0 : 1].append(at('roll'), line)));
  const written = (await readFile(at('roll'), 'utf8')).split('\n');
  expect(written.pop()).toBe('');
  expect(written.sort()).toEqual(lines.toSorted());
});

it('stays inside of the directory, whatever it is asked to make', async () => {
  const [state] = states;
  const outside = join(base, 'outside');
  for (const refused of [
    state.mark(outside, ''),
    state.show(outside, ''),
    state.takeFolder(outside),
    state.append(outside, ''),
    state.createExclusiveAll([
      { path: at('inside'), content: '' },
      { path: outside, content: '' },
    ]),
  ])
    await expect(refused).rejects.toMatchObject({ code: 'Internal' });
  expect(await readdir(base)).toEqual(['state']);
});
