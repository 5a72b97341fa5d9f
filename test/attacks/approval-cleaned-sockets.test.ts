import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { State } from '../../src/domain/state.ts';
import { openState } from '../../src/state/state.ts';
import { realRandom, silent, testClock } from '../support/approvals.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/**
 * Something clears the sockets out of the state directory while the server works. A claim of a process that lives must not be
 * settled as one of a dead process: it would say that nothing ran, and then it runs.
 */
it('makes nobody dead who lives', async () => {
  // Short, so that the sockets are reached directly.
  const root = await mkdtemp('/tmp/cs-');
  ends.push(() => rm(root, { recursive: true, force: true }));
  const opened = async (): Promise<State> => {
    const state = await openState({ root, clock: testClock(), random: realRandom, log: silent });
    ends.push(() => state.close());
    return state;
  };
  const [one, two] = [await opened(), await opened()];
  const gone = await openState({ root, clock: testClock(), random: realRandom, log: silent });
  await gone.close();
  expect([await one.isAlive(two.process), await one.isAlive(gone.process)]).toEqual([true, false]);
  const sockets = join(root, 'processes');
  for (const name of await readdir(sockets)) await rm(join(sockets, name));
  expect(await one.isAlive(two.process)).toBe(true);
});
