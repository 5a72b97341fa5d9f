import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { OpenRun, OpenRuns } from '../../../src/domain/open-run.ts';
import type { State } from '../../../src/domain/state.ts';
import { createOpenRuns } from '../../../src/state/open-runs.ts';
import { openState } from '../../../src/state/state.ts';
import { realRandom, silent, testClock } from '../../support/approvals.ts';

const clock = testClock();
let root: string;
let states: State[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cs-runs-'));
  states = [];
});
afterEach(async () => {
  for (const state of states) await state.close();
  await rm(root, { recursive: true, force: true });
});

async function process(): Promise<{ readonly state: State; readonly runs: OpenRuns }> {
  const state = await openState({ root: join(root, 'state'), clock, random: realRandom, log: silent });
  states.push(state);
  return { state, runs: createOpenRuns(state, clock) };
}
const end = async (state: State): Promise<void> => {
  states = states.filter((each) => each !== state);
  await state.close();
};
const names = (): Promise<string[]> => readdir(join(root, 'state', 'runs'));
const run: OpenRun = {
  invocation: '01JD6Q8ZAAAA',
  tool: 'apply',
  cluster: { name: 'shop', uid: 'u', caDigest: 'sha256:c' },
  objects: ['ConfigMap/shop/a'],
  sent: { to: { 'data.key': 'hmac-sha256:k:0' } },
};

it('gives back what was lost, word for word, when the API server has had its time, until its end is known', async () => {
  const { runs } = await process();
  await runs.begin(run);
  clock.step(3_600_000);
  expect(await runs.due(), 'it still runs').toEqual([]);
  await runs.end(run.invocation, 'lost');
  clock.step(89_999);
  expect(await runs.due()).toEqual([]);
  clock.step(1);
  expect(await runs.due()).toEqual([{ ...run, died: false }]);
  expect(await runs.due()).toHaveLength(1);
  await runs.end(run.invocation, 'known');
  expect(await runs.due()).toEqual([]);
  expect(await names()).toEqual([]);
});

it('leaves alone what another process that lives has, and takes what a dead one left, one of many', async () => {
  const [first, second, third] = [await process(), await process(), await process()];
  await first.runs.begin(run);
  await first.runs.begin({ ...run, invocation: '01JD6Q8ZBBBB' });
  await first.runs.end('01JD6Q8ZBBBB', 'lost');
  clock.step(90_000);
  expect(await second.runs.due()).toEqual([]);
  await end(first.state);
  const all = async () => [...(await second.runs.due()), ...(await third.runs.due())];
  expect(await all(), 'it may have died just now').toEqual([]);
  clock.step(90_000);
  const found = await all();
  expect(found.map(({ invocation, died }) => [invocation, died]).sort()).toEqual([
    ['01JD6Q8ZAAAA', true],
    ['01JD6Q8ZBBBB', false],
  ]);
});

it('is sealed, for nobody else to read, and drops what it cannot read', async () => {
  const { state, runs } = await process();
  await runs.begin(run);
  const [name = ''] = await names();
  const path = join(root, 'state', 'runs', name);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await runs.end(run.invocation, 'lost');
  await writeFile(join(root, 'state', 'runs', `${state.process}.${run.invocation}.lost`), 'torn');
  await writeFile(join(root, 'state', 'runs', 'somebody else put this here'), '');
  clock.step(90_000);
  expect(await runs.due()).toEqual([]);
  expect(await names()).toEqual(['somebody else put this here']);
});
