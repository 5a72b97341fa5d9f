import { appendFile, mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { derive } from '../../../src/approval/current.ts';
import { createIndex, type Index } from '../../../src/approval/listing.ts';
import { createRoll } from '../../../src/approval/roll.ts';
import { createStore, type Store } from '../../../src/approval/store.ts';
import { createViews } from '../../../src/approval/view.ts';
import { ballot, createRig, draft, type Rig } from '../../support/approvals.ts';

let rig: Rig;
let index: Index;
/** Which approvals were looked at, by their files, since the last look at this. */
let looked: string[];
beforeEach(async () => {
  rig = await createRig();
  const real = createStore(rig.state, rig.deps.masker);
  const store: Store = {
    ...real,
    stamp: (id) => {
      looked.push(id);
      return real.stamp(id);
    },
  };
  looked = [];
  index = createIndex({
    ...rig.deps,
    store,
    views: createViews(rig.state),
    roll: createRoll(rig.state, store),
    derive: (id) => derive({ ...rig.deps, store }, id),
  });
});
afterEach(() => rig.end());

const ask = async (plan: string): Promise<string> =>
  (await rig.approvals.request(draft({ planDigest: `sha256:${plan}`, callDigest: `sha256:call-${plan}` }))).id;
const ids = async (plan?: string): Promise<readonly string[]> =>
  (await index.find((row) => plan === undefined || row.planDigest === `sha256:${plan}`)).map(({ id }) => id);

it('finds what another process asked since, and looks at nothing else than that and what is asked for', async () => {
  const a = await ask('a');
  expect(await ids()).toEqual([a]);
  const b = await ask('b');
  looked = [];
  expect(await ids('b')).toEqual([b]);
  expect(new Set(looked)).toEqual(new Set([b]));
});

it('says how it is now, and does not look at what is over any more', async () => {
  const id = await ask('a');
  expect((await index.find(() => true))[0]?.state).toBe('pending');
  await rig.approvals.vote(id, ballot('ana'));
  expect((await index.find(() => true))[0]?.state).toBe('approved');
  await rig.approvals.vote(id, ballot('bo', 'deny'));
  expect((await index.find(() => true))[0]).toMatchObject({ state: 'denied', denied: true });
  looked = [];
  expect(await ids()).toEqual([id]);
  expect(looked).toEqual([]);
});

it('has an id that is taken as soon as it is asked, and forgets one that is given back', async () => {
  const store = createStore(rig.state, rig.deps.masker);
  const roll = createRoll(rig.state, store);
  const taken = 'cs-aaaaaa';
  expect(await ids()).toEqual([]);
  expect([await store.reserve(taken), await store.reserve(taken)]).toEqual([true, false]);
  await roll.add(taken);
  expect(await ids()).toEqual([]);
  const { input, ...rest } = draft();
  await store.create({ ...rest, id: taken, createdAt: rig.clock.now() }, rig.state.seal(JSON.stringify(input), 'test'));
  expect(await ids()).toEqual([taken]);

  await store.reserve('cs-bbbbbb');
  await roll.add('cs-bbbbbb');
  expect(await ids()).toEqual([taken]);
  await store.giveBack('cs-bbbbbb');
  looked = [];
  await ids();
  await ids('none');
  expect(looked.filter((id) => id === 'cs-bbbbbb')).toHaveLength(1);
});

it('leaves out what cannot be read, and has it again when it can', async () => {
  const [a, b] = [await ask('a'), await ask('b')];
  const request = join(rig.root, 'approvals', b, 'request');
  await rename(request, `${request}.kept`);
  await writeFile(request, 'torn');
  expect(await ids()).toEqual([a]);
  await rename(`${request}.kept`, request);
  expect(await ids()).toEqual([a, b]);
});

it('reads two that ask at once the same, also while the first is still reading', async () => {
  const asked = await Promise.all(Array.from({ length: 4 }, (_, n) => ask(`p${n}`)));
  const [one, other] = await Promise.all([ids(), ids()]);
  expect(new Set(one)).toEqual(new Set(asked));
  expect(other).toEqual(one);
});

it('lists the folders again where the roll was lost', async () => {
  const a = await ask('a');
  expect(await ids()).toEqual([a]);
  const b = await ask('b');
  await rm(join(rig.root, 'approvals-roll'));
  await mkdir(join(rig.root, 'approvals', 'not-an-id'));
  expect(await ids()).toEqual([a, b]);
});

it('reads only what is new of the roll, however long it has become', async () => {
  // More than can be read at once: whoever read what was there before would fail.
  await writeFile(join(rig.root, 'approvals-roll'), '', { mode: 0o600 });
  await truncate(join(rig.root, 'approvals-roll'), 5 * 1024 ** 3);
  await appendFile(join(rig.root, 'approvals-roll'), '\n');
  const a = await ask('a');
  expect(await ids()).toEqual([a]);
  const b = await ask('b');
  expect(await ids()).toEqual([a, b]);
});
