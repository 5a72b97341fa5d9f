import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { createProofFiles } from '../../../src/identity/proof-files.ts';
import { createReplayGuard } from '../../../src/identity/replay.ts';
import { openState } from '../../../src/state/state.ts';
import { systemRandom as random } from '../../../src/system.ts';
import { clockAt, silent as log } from '../../support/identity/authenticator.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function processes() {
  const root = await mkdtemp(join(tmpdir(), 'cs-proofs-'));
  const clock = clockAt();
  const open = async () => {
    const state = await openState({ root, clock, random, log });
    ends.push(() => state.close());
    return createReplayGuard(clock, createProofFiles(state, clock));
  };
  ends.push(() => rm(root, { recursive: true, force: true }));
  return { root, clock, one: await open(), two: await open() };
}

it('a proof is good once over all processes, also when they take it at the same time', async () => {
  const { clock, one, two } = await processes();
  const until = clock.ms + 120_000;
  await one({ by: 'key', jti: 'jti-1', until: until });
  await expect(two({ by: 'key', jti: 'jti-1', until: until })).rejects.toMatchObject({ error: 'invalid_dpop_proof' });
  const both = await Promise.allSettled([
    one({ by: 'key', jti: 'jti-2', until: until }),
    two({ by: 'key', jti: 'jti-2', until: until }),
  ]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  await expect(two({ by: 'key', jti: 'jti-3', until: until })).resolves.toBeUndefined();
});

it('what can not come again is removed, and no proof stands in a name', async () => {
  const { root, clock, one } = await processes();
  await one({ by: 'key', jti: 'jti-1', until: clock.ms + 120_000 });
  const [first = ''] = await readdir(join(root, 'proofs'));
  expect(await readdir(join(root, 'proofs', first))).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  clock.ms += 900_000;
  await one({ by: 'key', jti: 'jti-2', until: clock.ms + 120_000 });
  await vi.waitFor(async () => expect(await readdir(join(root, 'proofs'))).not.toContain(first), 3_000);
});

it('where that cannot be found out nothing is taken', async () => {
  const guard = createReplayGuard(clockAt(), async () => {
    throw new Error('the disk is full');
  });
  await expect(guard({ by: 'key', jti: 'jti', until: Date.now() + 120_000 })).rejects.toMatchObject({ status: 503 });
});

it('a key that sends very many keeps only its own from being taken', async () => {
  const guard = createReplayGuard(clockAt(1_000));
  for (let n = 0; n < 10_000; n++) await guard({ by: 'flood', jti: `${n}`, until: 121_000 });
  await expect(guard({ by: 'flood', jti: 'more', until: 121_000 })).rejects.toMatchObject({ status: 503 });
  await expect(guard({ by: 'other', jti: '1', until: 121_000 })).resolves.toBeUndefined();
});

it('and is taken again when the time of its proofs is over', async () => {
  const clock = clockAt(1_000);
  const guard = createReplayGuard(clock);
  for (let n = 0; n < 10_000; n++) await guard({ by: 'flood', jti: `${n}`, until: 121_000 });
  clock.ms = 121_000;
  await expect(guard({ by: 'flood', jti: 'more', until: 241_000 })).resolves.toBeUndefined();
});
